"""Redirects to the host that the request named."""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from services.detect.detectors import BY_CLASS
from services.detect.responses.answer import Answer
from services.detect.responses.heads.cors import registrable
from services.detect.responses.rules import Proof
from services.detect.scoring import Verdict

CLASSES = ("redirect", "ssrf", "rfi", "crlf", "xss")
HOST = re.compile(rb"(?:https?:)?[/\\]{2,}(?:[^@/\\?#\s]{0,200}@)?([\w.-]{3,253})", re.I)


def check(answer: Answer, verdict: Verdict) -> Iterator[Proof]:
    """A Location that leads to the host of a payload."""
    if not 300 <= answer.status < 400 or not verdict.scores:
        return
    location = answer.header(b"location")
    target = host_of(location)
    own = answer.exchange.host
    if not target or not own or registrable(target) == registrable(own):
        return
    for signal in verdict.signals:
        if signal.class_ not in CLASSES or signal.class_ not in verdict.scores:
            continue
        named = {found[1].decode().lower() for found in HOST.finditer(signal.match.point.value)}
        if target in named:
            yield Proof(
                weakness=BY_CLASS["redirect"],
                rule="redirect.followed",
                says=f"a redirect to {target}, the host that the request named",
                weight=0.95,
                where="response.header.location",
                value=location[:200],
                attack=signal.class_,
            )
            return


def host_of(location: bytes) -> str:
    """The host that a browser goes to; empty: it stays."""
    text = location.decode("latin-1").strip().replace("\\", "/")
    while text.startswith("///"):
        text = text[1:]
    try:
        return (urlsplit(text).hostname or "").lower()
    except ValueError:
        return ""
