"""What a check on answers is: rules as data, with what each needs to be believed.

A rule's pattern runs over the decoded body, as the rules of requests run over their points
(services/detect/rules.py). Its weight is its grade: from 0.9 confirmed, from 0.6 probable, below
that possible. What is only possible is not told.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from schemas.types import Grade, Severity
from services.detect.points import Point
from services.detect.responses.answer import Answer
from services.detect.rules import Detector, Match, Rule
from services.detect.scoring import Signal

CONFIRMED_MIN = 0.9
PROBABLE_MIN = 0.6
PAGES = frozenset({"html", "json", "xml", "text"})
TEXTS = PAGES | {"script"}

Belief = Callable[[Match, Answer], bool]


def always(_match: Match, _answer: Answer) -> bool:
    """The pattern says enough."""
    return True


def never(_match: Match, _answer: Answer) -> bool:
    """Says nothing without an attack before it."""
    return False


def unless_prose(_match: Match, answer: Answer) -> bool:
    """An answer that is no article about it."""
    return not answer.prose


@dataclass(frozen=True, slots=True, kw_only=True)
class BodyRule(Rule):
    """One pattern over the body.

    `believed` decides without an attack, `proves` after one of the classes in `after`. `kinds`:
    kinds of body that it reads. `secret`: what matched is never shown. `path`: only answers to such
    a path are read, so that all others need not be scanned for it.
    """

    believed: Belief = unless_prose
    after: frozenset[str] = frozenset()
    proves: Belief = unless_prose
    kinds: frozenset[str] = PAGES
    secret: bool = False
    path: re.Pattern[bytes] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """One thing that an answer showed.

    `where` as in evidence; `value` is what was seen there, `secret` whether it must not be shown.
    `detail` tells apart what one endpoint may have several of, as cookies. `about`: what the
    issue belongs to. `attack`: the class of attack that this answers; empty: there was none.
    `severity`: where it is not the weakness's.
    """

    weakness: Detector
    rule: str
    says: str
    weight: float
    where: str
    value: bytes
    before: bytes = b""
    after: bytes = b""
    detail: str = ""
    about: Literal["endpoint", "host"] = "endpoint"
    attack: str = ""
    secret: bool = False
    severity: Severity | None = None

    @property
    def signal(self) -> Signal:
        """As exclusions see it: an attack's class excludes the answer to it, too."""
        rule = Rule(id=self.rule, pattern="", weight=self.weight, title=self.says)
        match = Match(Point(self.where, b"", self.value, self.value), 0, len(self.value))
        return Signal(self.weakness.class_, rule, match, self.weight)

    @property
    def grade(self) -> Grade:
        """How sure it is."""
        return grade(self.weight)


def grade(weight: float) -> Grade:
    """The word for a weight."""
    if weight >= CONFIRMED_MIN:
        return "confirmed"
    return "probable" if weight >= PROBABLE_MIN else "possible"
