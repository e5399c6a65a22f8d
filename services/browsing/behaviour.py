"""What a behaviour is, said once: its names, what it is worth, what a gate would do.

The rules that open a finding are code, one file a behaviour; all that is told of it stands here.
"""

from collections.abc import Callable
from dataclasses import dataclass

from schemas.types import AdviceAction, Severity, Suspicion


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """One kind of finding of `browsing`. `action` None: a gate would only watch."""

    rule: str
    class_: str
    title: str
    advice: str
    severity: Severity
    struck_severity: Severity
    """When something that was tried worked."""
    said: Callable[[Suspicion, int], str]
    """The summary: what was seen, in so many seconds."""
    where: str
    """The point that evidence is about."""
    action: AdviceAction | None
    quiet_s: int
    cwe: tuple[str, ...]
    capec: tuple[str, ...]
    attack: tuple[str, ...]
    owasp: tuple[str, ...]
