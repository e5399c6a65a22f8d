"""Header lines that the request had the server send."""

import re
from collections.abc import Iterator

from services.detect.detectors import BY_CLASS
from services.detect.responses.answer import Answer
from services.detect.responses.rules import Proof
from services.detect.scoring import Verdict

LINE = re.compile(rb"[\r\n]+\s{0,4}([\w-]{2,64}):[ \t]*([^\r\n]{1,200})")


def check(answer: Answer, verdict: Verdict) -> Iterator[Proof]:
    """A header of the answer with the name and value that stood after a line end in the request."""
    if "crlf" not in verdict.scores:
        return
    sent = {(name, value.strip()) for name, value in answer.headers}
    for signal in verdict.signals:
        if signal.class_ != "crlf":
            continue
        for found in LINE.finditer(signal.match.point.value):
            name, value = found[1].lower(), found[2].strip()
            if (name, value) in sent:
                yield Proof(
                    weakness=BY_CLASS["crlf"],
                    rule="crlf.sent",
                    says=f"the header {name.decode()} that the request had put in",
                    weight=0.95,
                    where=f"response.header.{name.decode()}",
                    value=value,
                    attack="crlf",
                )
                return
