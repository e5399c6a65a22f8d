"""What every core owes the worker, as checks that any core and any events can be put through.

services/runtime/core.py says it in words. A core that breaks one of these is wrong on the cluster
even if each of its own tests passes: batches are cut by the clock, and workers die.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from services.runtime.core import Changes, Core, Event, Output, Rejected, Row

Make = Callable[[], Core]
Settle = Callable[[list[Output]], object]
"""Outputs as their readers end up with them: partial sums may be cut anywhere, their total not."""
Case = tuple[Make, list[Event], str]
"""How to make a core, what reaches it, and from which topic."""


def as_told(outputs: list[Output]) -> object:
    """Outputs that are no partial sums."""
    return outputs


@dataclass(slots=True)
class Told:
    """All that a core said over a run, and the changelog as compaction would leave it."""

    outputs: list[Output] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    log: dict[bytes, bytes] = field(default_factory=dict)

    def add(self, changes: Changes) -> None:
        """One committed batch."""
        self.outputs += changes.outputs
        self.rejected += changes.rejected
        for row in changes.rows:
            # A row that is written again stands at the end: restore sees the order of writes.
            self.log.pop(row.key, None)
            if row.value is not None:
                self.log[row.key] = row.value

    def rows(self) -> list[Row]:
        """For a restore."""
        return [Row(key, value) for key, value in self.log.items()]


def begun(make: Make, rows: Sequence[Row] = (), learned: Sequence[Event] = ()) -> Core:
    """A core as the worker begins with it."""
    core = make()
    core.restore(rows)
    for event in learned:
        core.learn(event)
    return core


def calm(make: Make, events: Sequence[Event], learned: Sequence[Event] = ()) -> Told:
    """One core, one batch."""
    core, told = begun(make, (), learned), Told()
    core.feed(events)
    told.add(core.take())
    return told


def cut(
    make: Make, events: Sequence[Event], cuts: Sequence[int], learned: Sequence[Event] = ()
) -> Told:
    """One core, a batch from each cut to the next."""
    core, told = begun(make, (), learned), Told()
    for first, last in pairwise([0, *sorted(cuts), len(events)]):
        core.feed(events[first:last])
        told.add(core.take())
    return told


def restarted(
    make: Make, events: Sequence[Event], cuts: Sequence[int], learned: Sequence[Event] = ()
) -> Told:
    """At each cut the core dies with a batch in its hands, and a restored one does it again."""
    told = Told()
    for first, last in pairwise([0, *sorted(cuts), len(events)]):
        dying = begun(make, told.rows(), learned)
        dying.feed(events[first:last])
        core = begun(make, told.rows(), learned)
        core.feed(events[first:last])
        told.add(core.take())
    return told


def check_cuts(
    make: Make, events: Sequence[Event], cuts: Sequence[int], settle: Settle = as_told
) -> None:
    """What a core emits does not depend on where batches are cut, nor does its state."""
    whole, parts = calm(make, events), cut(make, events, cuts)
    assert settle(parts.outputs) == settle(whole.outputs)
    assert parts.rejected == whole.rejected
    assert parts.log == whole.log


def check_restore(make: Make, events: Sequence[Event], cuts: Sequence[int]) -> None:
    """A restored core goes on as the one that never stopped."""
    steady, again = cut(make, events, cuts), restarted(make, events, cuts)
    assert again.outputs == steady.outputs
    assert again.rejected == steady.rejected
    assert again.log == steady.log


def check_take_twice(make: Make, events: Sequence[Event]) -> None:
    """What was taken is gone."""
    core = begun(make)
    assert core.take() == Changes()
    core.feed(events)
    core.take()
    assert core.take() == Changes()


def check_rows(make: Make, events: Sequence[Event], cuts: Sequence[int]) -> None:
    """State rows are bytes; a tombstone buries a row that was written."""
    core, written = begun(make), set[bytes]()
    for first, last in pairwise([0, *sorted(cuts), len(events)]):
        core.feed(events[first:last])
        for row in core.take().rows:
            assert isinstance(row.key, bytes)
            assert row.key
            assert row.value is None or (isinstance(row.value, bytes) and row.value)
            assert row.value is not None or row.key in written
            written.add(row.key)


def check_rubbish(
    make: Make, events: Sequence[Event], topic: str, settle: Settle = as_told
) -> None:
    """What cannot be read is a value with a reason, changes nothing and stops nothing."""
    rubbish = [b"", b"\0", b"\xc3\x01", b"\xc3\x01" + b"\xff" * 40, b"GET / HTTP/1.1", None]
    offset = events[-1].offset + 1 if events else 0
    bad = [Event(topic, 0, offset + i, b"k", value) for i, value in enumerate(rubbish)]
    clean, core, told = calm(make, events), begun(make), Told()
    core.feed([*events, *bad])
    told.add(core.take())
    assert [rejected.event for rejected in told.rejected] == [*_events(clean), *bad]
    assert all(rejected.reason for rejected in told.rejected)
    assert settle(told.outputs) == settle(clean.outputs)
    assert told.log == clean.log


def _events(told: Told) -> list[Event]:
    return [rejected.event for rejected in told.rejected]
