"""Rules of people: patterns of their own, and virtual patches of one place.

In:     PolicyEntry records of kind "rule"; what was read of an exchange.
Out:    the same with the signals of those rules.
Keeps:  the entries by id, compiled.

The entry's scope is site, host, path prefix and point or place (`query.id`, `header`; empty:
everywhere); its body is JSON, `{"class": "sqli", "pattern": "…"[, "title": "…"][, "weight": 0.9]}`.
Patterns are Hyperscan's, as those of the detectors (rules.py): linear time whatever is sent.
Without a pattern every value there matches.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import hyperscan

from schemas.types import PolicyEntry
from services.detect.detectors import BY_CLASS
from services.detect.matcher import Matcher
from services.detect.models import parsed
from services.detect.points import Point
from services.detect.rules import Rule
from services.detect.scope import Scope
from services.detect.scoring import Signal
from services.detect.verdict import Signals
from services.detect.view import ExchangeView, RequestView

# Each is looked for by itself, some microseconds a value: more of them belong into a detector.
RULES_MAX = 100
PATTERN_CHARACTERS_MAX = 500
# Compiling takes longer the further a pattern counts.
REPEATS_MAX = 255
REPEAT = re.compile(r"\{(\d*),?(\d*)\}")
ANYTHING = "."
WEIGHT = 0.9
TITLE_CHARACTERS_MAX = 120
HEADER = "header"
# Values that stand in requests everywhere: what matches one of them needs a place.
ORDINARY = (b"1", b"en", b"true", b"items", b"2026-11-22", b"text/html, */*;q=0.8", b"gzip, br")


@dataclass(frozen=True, slots=True)
class OwnRule(Scope):
    """One entry, checked."""

    class_: str
    rule: Rule

    def looks_at(self, point: Point) -> bool:
        """Whether the point is one that the entry names."""
        return self.where in ("", point.place, point.where)


class OwnRules:
    """All entries in force."""

    def __init__(self) -> None:
        self._entries: dict[str, OwnRule] = {}
        self._asked: list[OwnRule] = []
        self._matcher = Matcher(())

    def learn(self, entry: PolicyEntry) -> None:
        """Take in one entry; a later one of the same id replaces it.

        Raises ValueError, in one sentence, where it is no rule; then none of its id is in force.
        So a worker that reads the topic anew, compacted, has the same rules. Of too many the
        first by id are asked.
        """
        if entry.kind != "rule":
            return
        self._entries.pop(entry.id, None)
        self._matcher = Matcher(())  # It knows compiled patterns by the id of their rule.
        try:
            if not entry.removed:
                self._entries[entry.id] = checked(entry)
        finally:
            self._asked = [self._entries[id_] for id_ in sorted(self._entries)[:RULES_MAX]]

    def added(
        self, exchange: ExchangeView, request: RequestView, path: str, read: Signals
    ) -> Signals:
        """What was read of the exchange, with what these rules say of it."""
        here = [one for one in self._asked if one.covers(exchange, path)]
        if not here:
            return read
        points = [*read.points.found, *_headers(request)]
        return Signals(read.points, [*read.found, *self._signals(here, points)])

    def _signals(self, here: list[OwnRule], points: list[Point]) -> Iterator[Signal]:
        for one in here:
            for point in points:
                if not one.looks_at(point):
                    continue
                match = next(self._matcher.places(one.rule, point), None)
                if match is not None:
                    yield Signal(one.class_, one.rule, match, one.rule.weight)
                    break  # Once is enough: repeating a payload is no proof.


def checked(entry: PolicyEntry) -> OwnRule:
    """The entry as a rule. Raises ValueError, in one sentence, where it is none."""
    body = parsed(entry)
    class_, pattern = body.get("class"), body.get("pattern", ANYTHING)
    title, weight = body.get("title", f"Rule of {entry.by}"), body.get("weight", WEIGHT)
    if class_ not in BY_CLASS:
        raise ValueError(f"{entry.id}: {class_!r} is no class of attacks")
    if not isinstance(pattern, str) or not isinstance(title, str):
        raise ValueError(f"{entry.id}: its pattern and title must be texts")
    if isinstance(weight, bool) or not isinstance(weight, int | float) or not 0 < weight <= 1:
        raise ValueError(f"{entry.id}: its weight must be above 0, at most 1")
    name = entry.id.removeprefix("rule/")
    rule = Rule(
        id=f"{class_}.own.{name}", pattern=pattern, weight=float(weight),
        title=title[:TITLE_CHARACTERS_MAX],
    )  # fmt: skip
    if _matches_ordinary(entry.id, rule) and not (entry.path or entry.where):
        raise ValueError(f"{entry.id}: it matches ordinary values, so it needs a path or a point")
    return OwnRule(entry.site, entry.host, entry.path, entry.where, str(class_), rule)


def _matches_ordinary(id_: str, rule: Rule) -> bool:
    """Raises ValueError for what Hyperscan will not take, or would take long over."""
    pattern = rule.pattern
    if not 0 < len(pattern) <= PATTERN_CHARACTERS_MAX:
        raise ValueError(f"{id_}: a pattern has 1 to {PATTERN_CHARACTERS_MAX} characters")
    counts = [int(count) for found in REPEAT.finditer(pattern) for count in found.groups() if count]
    if max(counts, default=0) > REPEATS_MAX:
        raise ValueError(f"{id_}: a pattern may repeat something {REPEATS_MAX} times at most")
    matcher = Matcher(())
    try:
        points = (Point("query", b"", value, value) for value in ORDINARY)
        return any(next(matcher.places(rule, point), None) for point in points)
    except hyperscan.HyperscanError as error:
        raise ValueError(f"{id_}: Hyperscan does not take this pattern: {error}") from error


def _headers(request: RequestView) -> Iterator[Point]:
    """Of each header its value as sent: detection leaves out those that it knows to be clean."""
    for name, value in request.headers:
        yield Point(HEADER, name.lower(), value, value)
