"""Weaknesses that heads show: of requests and of answers, one kind a file."""

from collections.abc import Callable, Iterator

from services.detect.responses.answer import Answer
from services.detect.responses.heads import (
    addresses,
    cleartext,
    components,
    cookies,
    cors,
    cross_site,
    tokens,
)
from services.detect.responses.rules import Proof
from services.detect.rules import Detector

Check = Callable[[Answer], Iterator[Proof]]

CHECKS: tuple[Check, ...] = (
    components.check, cookies.check, cors.check, addresses.check, tokens.check, cleartext.check,
    cross_site.check,
)  # fmt: skip
WEAKNESSES: tuple[Detector, ...] = (
    components.WEAKNESS, cookies.WEAKNESS, cors.WEAKNESS, addresses.WEAKNESS, tokens.WEAKNESS,
    cleartext.WEAKNESS, cross_site.WEAKNESS,
)  # fmt: skip
