"""What the exchanges of one partition said since it last told: facts, and how often.

In:     facts, each with the time of its exchange.
Out:    every fact with its count and span of time, when it is told.
Keeps:  rows of some exchanges each. A fact that came before is a number in them.

Most exchanges say what another said a moment ago. So a fact is spelt out once, in the row of the
exchange that brought it, and telling it costs once, however often it came. Where rows end depends
on the exchanges alone, so what is kept does not depend on where batches are cut.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import orjson

from schemas.codec import decode_as, encode
from schemas.types import UntoldFacts
from services.discovery.operation import Span
from services.runtime import table
from services.runtime.core import Row
from services.runtime.table import Table

# A row is written anew at each batch until it is full, so it must stay small.
EXCHANGES_A_ROW = 16
# With the largest outlines (some 500 KB) on top of it, a row stays under the topic's 4 MiB.
ROW_CHARACTERS = 1_048_576
# Beyond it all is told although no watermark asks for it: some 300 bytes each, and their texts.
FACTS_MAX = 20_000
FACTS_CHARACTERS_MAX = 16_777_216
ROWS_MAX = 16_384

Fact = tuple[Any, ...]
"""Texts, numbers and truths, which JSON gives back as they were."""


@dataclass(slots=True)
class _Part:
    """One row: the facts that it spells out, and [count, first, last] by number."""

    facts: list[Fact] = field(default_factory=list)
    counts: dict[int, list[int]] = field(default_factory=dict)
    exchanges: int = 0
    size: int = 0
    """Characters of the texts in its facts."""

    @property
    def full(self) -> bool:
        """The next exchange has a row of its own."""
        return self.exchanges >= EXCHANGES_A_ROW or self.size >= ROW_CHARACTERS


class Tally:
    """Its rows begin with "tally/"."""

    def __init__(self) -> None:
        # One more than when it is told: none ever gives way.
        self._rows: Table[_Part] = Table("tally", _encoded, _decoded, rows_max=ROWS_MAX + 1)
        self._clear()

    def _clear(self) -> None:
        self._numbers: dict[Fact, int] = {}
        self._sums: dict[int, list[int]] = {}
        self._size = 0
        self._row = 0
        self._open, self._changed = _Part(), False

    @property
    def full(self) -> bool:
        """It is time to tell."""
        return (
            len(self._numbers) >= FACTS_MAX
            or self._size >= FACTS_CHARACTERS_MAX
            or self._row >= ROWS_MAX
        )

    def add(self, fact: Fact, at_us: int) -> None:
        """Count a fact of the exchange under way."""
        number = self._numbers.get(fact)
        part = self._open
        if number is None:
            number = self._numbers[fact] = len(self._numbers)
            part.facts.append(fact)
            part.size += sum(len(text) for text in fact if type(text) is str)
        span = part.counts.get(number)
        if span is None:
            part.counts[number] = [1, at_us, at_us]
            return
        span[0] += 1
        if at_us > span[2]:
            span[2] = at_us
        elif at_us < span[1]:
            span[1] = at_us

    def end_exchange(self) -> None:
        """All facts of one exchange are in."""
        self._changed = True
        self._open.exchanges += 1
        if self._open.full:
            self._rows.put(self._key(), self._open)
            self._close(self._open)
            self._open, self._changed = _Part(), False

    def _key(self) -> bytes:
        return b"%d" % self._row

    def _close(self, part: _Part) -> None:
        self._sum(part)
        self._size += part.size
        self._row += 1

    def _sum(self, part: _Part) -> None:
        for number, (count, first_us, last_us) in part.counts.items():
            sums = self._sums.get(number)
            if sums is None:
                self._sums[number] = [count, first_us, last_us]
            else:
                sums[0] += count
                sums[1], sums[2] = min(sums[1], first_us), max(sums[2], last_us)

    def tell(self) -> list[tuple[Fact, Span]]:
        """Everything, in the order in which it first came; then nothing is kept."""
        self._sum(self._open)
        told = [(fact, Span(*self._sums[number])) for fact, number in self._numbers.items()]
        for row in range(self._row + 1):
            self._rows.delete(b"%d" % row)
        self._clear()
        return told

    def take(self) -> list[Row]:
        """What changed, as state rows."""
        if self._changed:
            self._rows.put(self._key(), self._open)
            self._changed = False
        return self._rows.take()

    def restore(self, rows: Iterable[Row], *others: Table[Any]) -> None:
        """Take over what was kept, rows of other tables beside it."""
        table.restore(rows, self._rows, *others)
        for _, part in sorted(self._rows.items(), key=lambda row: int(row[0])):
            for fact in part.facts:
                self._numbers[fact] = len(self._numbers)
            if part.full:
                self._close(part)
            else:
                self._open = part  # the last one


def _encoded(part: _Part) -> bytes:
    counts = [[number, *span] for number, span in part.counts.items()]
    body = orjson.dumps({"f": part.facts, "c": counts})
    return encode(UntoldFacts(exchanges=part.exchanges, size=part.size, body=body))


def _decoded(row: bytes) -> _Part:
    kept = decode_as(UntoldFacts, row)
    body = orjson.loads(kept.body)
    return _Part(
        facts=[tuple(fact) for fact in body["f"]],
        counts={number: span for number, *span in body["c"]},
        exchanges=kept.exchanges,
        size=kept.size,
    )
