"""What proves that an attack worked, where the proof is made of the request itself."""

from collections.abc import Callable, Iterator

from services.detect.responses.answer import Answer
from services.detect.responses.proofs import (
    arithmetic,
    delay,
    header,
    introspection,
    marker,
    redirect,
    reflection,
)
from services.detect.responses.rules import Proof
from services.detect.scoring import Verdict

Check = Callable[[Answer, Verdict], Iterator[Proof]]

CHECKS: tuple[Check, ...] = (
    reflection.check, arithmetic.check, marker.check, redirect.check, header.check, delay.check,
    introspection.check,
)  # fmt: skip
