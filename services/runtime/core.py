"""What a service plugs into the worker: a core for each input partition.

A core is pure: events in, changes out, state inside; no clock, no randomness, no log, no Kafka,
no database. The worker (services/runtime/worker.py) and the one-process pipeline
(services/runtime/inline.py) drive the same cores, so what `sidetap read` says is what the
cluster says.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

# As an output's partition: a copy for every partition of the topic. For watermarks.
EVERY = -1


@dataclass(frozen=True, slots=True)
class Event:
    """One record of an input topic.

    `appended_us` is when the broker took it, by its clock, for telling an absurd packet time
    from a plausible one and for nothing else; 0: unknown, as without a broker.
    """

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    appended_us: int = 0


@dataclass(frozen=True, slots=True)
class Output:
    """One record for another topic. Without a partition, the key's hash decides.

    EVERY as the partition: one copy for each partition of the topic.
    """

    topic: str
    key: bytes | None
    value: bytes | None
    partition: int | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """One state row; without a value it is a tombstone."""

    key: bytes
    value: bytes | None


@dataclass(frozen=True, slots=True)
class Rejected:
    """An event that could not be read, and why in one sentence: goes to dead-letters."""

    event: Event
    reason: str


@dataclass(slots=True)
class Changes:
    """All that a batch changed; it is committed in one transaction or not at all."""

    outputs: list[Output] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)


class Core(Protocol):
    """The logic and state of one partition of one input topic.

    What it emits may depend on the events and their order, never on where batches are cut.
    After an aborted transaction the core is thrown away and a new one is restored.
    """

    def restore(self, rows: Iterable[Row]) -> None:
        """Take over state rows; called before anything else, never with tombstones."""

    def learn(self, event: Event) -> None:
        """Take in one record of a broadcast topic; called between batches only.

        After a restart all of them are learned again, behind `restore`: what the core says of
        those that its last commit knew is dropped, for it was committed then.
        """

    def feed(self, events: Sequence[Event]) -> None:
        """Work through events in the order of their offsets."""

    def take(self) -> Changes:
        """Everything that changed since the last call."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A service as the worker sees it.

    `inputs` maps each input topic to what makes a core for one of its partitions. `state` is
    the changelog topic; None: the service keeps nothing. `broadcasts` are read whole.
    `intervals`: how many batch intervals lie between two batches; more than one where nobody
    waits for the outputs, for a transaction costs the broker the same however little is in it.
    """

    name: str
    inputs: Mapping[str, Callable[[int], Core]]
    state: str | None = None
    broadcasts: tuple[str, ...] = ()
    intervals: int = 1
