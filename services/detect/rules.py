"""What a detector is: rules as data, with the context each needs to be believed.

A pattern is a Hyperscan expression (PCRE without look-around and back-references, so linear
time whatever is sent), without regard to case, `.` taking in line ends. It runs on each point's
decoded value by itself: `^` and `$` are the ends of the value.
"""

from collections.abc import Callable
from dataclasses import dataclass

from schemas.types import Severity
from services.detect.points import Point

SEVERITIES: tuple[Severity, ...] = ("info", "low", "medium", "high", "critical")


@dataclass(frozen=True, slots=True)
class Match:
    """Where a rule's pattern matched: bytes `start` to `end` of the point's value."""

    point: Point
    start: int
    end: int

    @property
    def text(self) -> bytes:
        """The bytes that matched."""
        return self.point.value[self.start : self.end]

    @property
    def before(self) -> bytes:
        """What stands before them in the value."""
        return self.point.value[: self.start]

    @property
    def after(self) -> bytes:
        """What stands after them in the value."""
        return self.point.value[self.end :]


Check = Callable[[Match], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One pattern that speaks for one class.

    `weight` is how far this alone makes an attack, 0 to 1; from 0.5 on it is one by itself.
    `in_text` is its factor where people write texts (context.is_text): in a forum post about
    SQL the words of SQL say little. `only` limits it to places that begin so. `check` looks at
    the match's surroundings where a pattern cannot. `line_end`: every match has a line end in it;
    the joined scan, which sees one between any two values, is not asked where no value has one.
    `severity`: where it is another than that of its class.
    """

    id: str
    pattern: str
    weight: float
    title: str
    in_text: float = 0.5
    only: tuple[str, ...] = ()
    check: Check | None = None
    line_end: bool = False
    severity: Severity | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Detector:
    """All that is known of one class of attack."""

    class_: str
    title: str
    advice: str
    severity: Severity
    cwe: tuple[str, ...]
    capec: tuple[str, ...]
    attack: tuple[str, ...]
    owasp: tuple[str, ...]
    rules: tuple[Rule, ...]
