"""Marks that an injection has the database wrap around what it reads.

Tools and people have it concatenate constants written as hexadecimal or as character codes with
what they ask for. Constants that come back as text, in the order they were sent with something
between, were put together by the database.
"""

import re
from collections.abc import Iterator
from itertools import pairwise

from services.detect.detectors import BY_CLASS
from services.detect.responses.answer import Answer
from services.detect.responses.rules import Proof
from services.detect.scoring import Verdict

HEX = re.compile(rb"\b0x((?:[0-9a-fA-F]{2}){4,40})\b")
CODES = re.compile(rb"\bCHAR\((\d{2,3}(?:,\s?\d{2,3}){3,40})\)", re.I)
CODES_JOINED = re.compile(rb"(?:\bCHA?R\(\d{2,3}\)\s*(?:\|\||\+)\s*){3,40}CHA?R\(\d{2,3}\)", re.I)
BETWEEN_BYTES_MAX = 4_096
MARKS_MAX = 8


def check(answer: Answer, verdict: Verdict) -> Iterator[Proof]:
    """What the database put between two marks of the request."""
    if "sqli" not in verdict.scores or not answer.kind:
        return
    for value in {s.match.point.value for s in verdict.signals if s.class_ == "sqli"}:
        found = between(answer.body, marks(value))
        if found is None:
            continue
        start, end = found
        yield Proof(
            weakness=BY_CLASS["sqli"],
            rule="sqli.read",
            says="what it asked the database for, between its own marks",
            weight=0.98,
            where="response.body",
            value=answer.body[start:end][:200],
            attack="sqli",
        )
        return


def marks(value: bytes) -> list[bytes]:
    """Constants of the payload as the text that they are, in order, at most MARKS_MAX."""
    found = [(m.start(), bytes.fromhex(m[1].decode())) for m in HEX.finditer(value)]
    for match in (*CODES.finditer(value), *CODES_JOINED.finditer(value)):
        codes = [int(code) for code in re.findall(rb"\d+", match[0])]
        if all(32 <= code < 127 for code in codes):
            found.append((match.start(), bytes(codes)))
    plain = [(at, text) for at, text in sorted(found) if text.isascii() and text not in value]
    return [text for _, text in plain][:MARKS_MAX]


def between(body: bytes, known: list[bytes]) -> tuple[int, int] | None:
    """The place from one mark to the end of the next."""
    for first, second in pairwise(known):
        start = body.find(first)
        if start < 0:
            continue
        end = body.find(second, start + len(first), start + len(first) + BETWEEN_BYTES_MAX)
        if end >= 0:
            return start, end + len(second)
    return None
