"""Templates and code that worked a sum out: the answer has the result, not the sum."""

import re
from collections.abc import Iterator

from services.detect.detectors import BY_CLASS
from services.detect.responses.answer import Answer
from services.detect.responses.rules import Proof
from services.detect.scoring import Verdict

EXPRESSION = re.compile(
    rb"(?:\{\{|\$\{|#\{|\*\{|@\(|<%=|\{%|\$\(\(|\(\()\s*[\"']?(\d{1,9})[\"']?\s*([*+])\s*[\"']?(\d{1,9})[\"']?\s*(?:\}\}|%\}|%>|\)\)|\}|\))"
)
CLASSES = ("ssti", "java", "php", "nodejs", "rce")
# A result of so many digits does not stand in a page by chance.
SURE_DIGITS = 5
AROUND_BYTES_MIN = 3


def check(answer: Answer, verdict: Verdict) -> Iterator[Proof]:
    """The first sum of the request that the answer knows the result of."""
    for signal in verdict.signals:
        if signal.class_ not in CLASSES or signal.class_ not in verdict.scores:
            continue
        value = signal.match.point.value
        for found in EXPRESSION.finditer(value):
            at = worked_out(answer.body, value, found)
            if at is not None:
                body = answer.body
                yield Proof(
                    weakness=BY_CLASS[signal.class_],
                    rule=f"{signal.class_}.worked-out",
                    says=f"the result of {found[0][:60].decode('ascii', 'replace')}",
                    weight=0.95,
                    where="response.body",
                    before=body[max(0, at - 40) : at],
                    value=body[at : at + 60],
                    attack=signal.class_,
                )
                return


def worked_out(body: bytes, value: bytes, found: "re.Match[bytes]") -> int | None:
    """Where the result stands: a long one anywhere, a short one where the sum's surroundings do."""
    if found[0] in body:
        return None
    first, sign, second = int(found[1]), found[2], int(found[3])
    result = b"%d" % (first * second if sign == b"*" else first + second)
    before, after = value[: found.start()][-20:], value[found.end() :][:20]
    if len(before) + len(after) >= AROUND_BYTES_MIN:
        at = body.find(before + result + after)
        return at if at >= 0 else None
    if len(result) < SURE_DIGITS or result in (found[1], found[3]):
        return None
    standing = re.search(rb"(?<![\w.])" + result + rb"(?![\w.])", body)
    return standing.start() if standing else None
