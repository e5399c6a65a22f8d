"""All rules over all points: one scan that says what occurs, then a look where.

In:   points; of all of them the joined values.
Out:  each rule that occurs, with its possible places in every point, first ends first.
Keeps: compiled Hyperscan databases.

The first scan runs once over all values joined by line feeds and reports only which patterns
occur; nine of ten requests end there. It cannot miss: a value's matches are also matches of the
joined bytes, since `^` and `$` take line feeds for ends (MULTILINE) and a line feed is no part of
a word. A rule that occurs is then looked for value by value with a database of its own.

Hyperscan reports where a match ends. Its option to report where one starts crashes on some
patterns, so the start is searched: halving the value's beginning, hidden byte by byte, until the
match is gone. Everything stays linear in the value's length. docs/decisions/0020.
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any

import hyperscan

from services.detect.points import Point
from services.detect.rules import Match, Rule
from services.runtime.compiled_patterns import compiled

# Rules of one database: compiling all together takes eight seconds, in groups two; a request
# pays some microseconds for each group.
GROUP_RULES = 48
# Places of one rule in one value that are tried until one stands up to the rule's check.
PLACES_MAX = 4
# A start further back than this from the end is not searched for: enough for evidence.
START_BYTES_MAX = 2_048

# Together with others, some patterns miss a match that ends with the data (Hyperscan 5.4.12):
# so nothing does. `$` also matches before a last line feed.
LAST = b"\n"
_FLAGS = hyperscan.HS_FLAG_CASELESS | hyperscan.HS_FLAG_DOTALL | hyperscan.HS_FLAG_SINGLEMATCH


class Matcher:
    """A set of rules, compiled; a rule's own database when it first occurs."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        parts = [rules[at : at + GROUP_RULES] for at in range(0, len(rules), GROUP_RULES)]
        flags = _FLAGS | hyperscan.HS_FLAG_MULTILINE
        self._groups = [
            (tuple(part), compiled(tuple(rule.pattern for rule in part), flags)) for part in parts
        ]
        self._own: dict[str, Any] = {}

    def occurring(self, values: bytes, count: int) -> list[Rule]:
        """The rules that may match any of `count` values, each with LAST behind it."""
        occurring: list[Rule] = []
        for rules, database in self._groups:
            found: list[int] = []
            database.scan(values, match_event_handler=_noted, context=found)
            if found:
                occurring += [rules[number] for number in sorted(found)]
        if values.count(LAST) == count and b"\r" not in values:
            return [rule for rule in occurring if not rule.line_end]
        return occurring

    def places(self, rule: Rule, point: Point) -> Iterator[Match]:
        """Where the rule matches in one point, by ascending end; at most PLACES_MAX."""
        value, at = point.value, 0
        for _ in range(PLACES_MAX):
            end = self._end(rule, value)
            if end is None or end <= at:
                return
            yield Match(point, self._start(rule, value, end), end)
            at, value = end, bytes(end) + value[end:]

    def _end(self, rule: Rule, value: bytes) -> int | None:
        """Where the first match ends."""
        database = self._own.get(rule.id)
        if database is None:
            database = self._own[rule.id] = compiled((rule.pattern,), _FLAGS)
        found: list[int] = []
        with suppress(hyperscan.ScanTerminated):  # the first is enough
            database.scan(value + LAST, match_event_handler=_first_end, context=found)
        return min(found[0], len(value)) if found else None

    def _start(self, rule: Rule, value: bytes, end: int) -> int:
        """The last place before which everything can be hidden without losing the match."""
        low, high = max(0, end - START_BYTES_MAX), end
        while high - low > 1:
            middle = (low + high) // 2
            if self._end(rule, bytes(middle) + value[middle:end]) is None:
                high = middle
            else:
                low = middle
        return low


def _noted(number: int, _start: int, _end: int, _flags: int, found: list[int]) -> None:
    found.append(number)


def _first_end(_number: int, _start: int, end: int, _flags: int, found: list[int]) -> bool:
    found.append(end)
    return True
