"""Cross-site scripting that comes back as it was sent, in a place where a browser runs it."""

import re
from collections.abc import Iterator

from services.detect.detectors import BY_CLASS
from services.detect.responses.answer import Answer
from services.detect.responses.markup import (
    INERT,
    in_comment,
    in_tag,
    inside,
    open_quote,
)
from services.detect.responses.rules import Proof
from services.detect.scoring import Verdict

SCRIPT = frozenset({b"script"})
# The piece of a payload that acts: from a tag's beginning, or from the quote that ends a value.
TAG = re.compile(rb"<[a-zA-Z!?][^<>]*(?:>[^<]{0,100})?", re.S)
BREAK_OUT = re.compile(rb"[\"'][^<>\"']{0,80}\bon[a-z]{3,20}\s*=\s*[^<>]{3,200}", re.I | re.S)
STRING_END = re.compile(rb"[\"'][\s;)}\]+*/^|&-]{1,8}[\w.$\[]{2,60}[(`][^<>]{0,100}", re.S)
ACTIVE = re.compile(
    rb"<script|\bon[a-z]{3,20}\s*=|javascript:|<iframe|<object|<embed|<svg|srcdoc|<base|<meta", re.I
)
# `<script>` alone stands in every page.
PIECE_BYTES_MIN = 12
PLACES_MAX = 8


def check(answer: Answer, verdict: Verdict) -> Iterator[Proof]:
    """The first payload of the request that the page repeats where it acts."""
    if "xss" not in verdict.scores or answer.kind != "html" or not 200 <= answer.status < 600:
        return
    values = {signal.match.point.value: signal.match.point for signal in verdict.signals
              if signal.class_ == "xss"}  # fmt: skip
    for value, point in values.items():
        at = acting(answer.body, value)
        if at is None:
            continue
        body = answer.body
        sure = answer.request.method == b"GET" or point.place in ("query", "path")
        yield Proof(
            weakness=BY_CLASS["xss"],
            rule="xss.reflected",
            says="its own payload, unescaped, where a browser runs it",
            weight=0.95 if sure else 0.7,
            where="response.body",
            before=body[max(0, at - 40) : at],
            value=body[at : at + 200],
            attack="xss",
        )
        return


def acting(body: bytes, payload: bytes) -> int | None:
    """Where the page repeats an acting piece of the payload in an acting place."""
    for found in TAG.finditer(payload):
        if ACTIVE.search(found[0]) and len(found[0]) >= PIECE_BYTES_MIN:
            for at in _places(body, found[0]):
                if _runs_as_tag(body, at):
                    return at
    for pattern in (BREAK_OUT, STRING_END):
        for found in pattern.finditer(payload):
            for at in _places(body, found[0].rstrip()):
                if _ends_value(body, at) if pattern is BREAK_OUT else _ends_string(body, at):
                    return at
    return None


def _places(body: bytes, piece: bytes) -> Iterator[int]:
    at = -1
    for _ in range(PLACES_MAX):
        at = body.find(piece, at + 1)
        if at < 0:
            return
        yield at


def _runs_as_tag(body: bytes, at: int) -> bool:
    """Between tags, or in a tag that it ends; in no comment and no inert element."""
    if in_comment(body, at) or inside(body, at, INERT) or inside(body, at, SCRIPT):
        return False
    opened = in_tag(body, at)
    return opened is None or not open_quote(body, opened, at)


def _ends_value(body: bytes, at: int) -> bool:
    """The piece begins with the quote that the attribute around it began with."""
    opened = in_tag(body, at)
    return opened is not None and open_quote(body, opened, at) == body[at : at + 1]


def _ends_string(body: bytes, at: int) -> bool:
    """In a script, after a string that began with this quote and is not escaped."""
    if not inside(body, at, SCRIPT) or body[at - 1 : at] == b"\\":
        return False
    line = body[max(body.rfind(b"\n", 0, at), body.rfind(b">", 0, at)) + 1 : at]
    return line.count(body[at : at + 1]) % 2 == 1
