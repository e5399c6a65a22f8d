"""A Kafka in memory, as far as the worker can tell: logs, one group, transactions, fencing.

In:     calls of services/runtime/worker.py, and dice.
Out:    the same answers a broker gives, at worse moments.
Keeps:  committed records and offsets. What was not committed when a worker died never was.

It models what exactness rests on: a transaction is visible whole or not at all, a commit of an
older generation or of a fenced producer is refused, a restart finds what was committed.
"""

import random
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from confluent_kafka import TopicPartition

from services.runtime import faults
from services.runtime.clients import Run
from services.runtime.core import EVERY, Output, Row
from services.runtime.transaction import AbortedError

Place = tuple[str, int]


@dataclass(frozen=True, slots=True)
class MemoryMessage:
    """As confluent_kafka.Message."""

    place: Place
    at: int
    record: tuple[bytes | None, bytes | None]

    def topic(self) -> str:
        return self.place[0]

    def partition(self) -> int:
        return self.place[1]

    def offset(self) -> int:
        return self.at

    def key(self) -> bytes | None:
        return self.record[0]

    def value(self) -> bytes | None:
        return self.record[1]

    def error(self) -> None:
        return None

    def timestamp(self) -> tuple[int, int]:
        return 2, 0


@dataclass
class MemoryKafka:
    """One cluster. `between` is called inside commits: whatever else happens may happen there."""

    dice: random.Random
    partitions: int
    abort_share: float = 0.0
    rebalance_share: float = 0.0
    """Of all polls: the group moves on although nobody came or went."""
    torn: bool = False
    """A wrong design on purpose: offsets are committed beside the transaction, and may be lost."""
    logs: dict[Place, list[tuple[bytes | None, bytes | None]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    offsets: dict[Place, tuple[int, str]] = field(default_factory=dict)
    members: dict[str, "MemoryConsumer"] = field(default_factory=dict)
    producers: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    generation: int = 0
    between: Callable[[], None] = lambda: None

    def join(self, member: "MemoryConsumer") -> None:
        """A member under a stable name takes its predecessor's place without a rebalance."""
        old = self.members.get(member.name)
        self.members[member.name] = member
        member.generation = old.generation if old else -1
        member.owned = old.owned if old else []
        member.pending = True
        if old is None:
            self.rebalance()

    def leave(self, name: str) -> None:
        """Its session ran out, which it hears of when it polls next."""
        self.members.pop(name).pending = True
        self.rebalance()

    def rebalance(self) -> None:
        """Everyone gets a new share, and hears of it at the next poll."""
        self.generation += 1
        names = sorted(self.members)
        for i, name in enumerate(names):
            member = self.members[name]
            member.pending = True
            member.owned = [p for p in range(self.partitions) if p % len(names) == i]

    def commit(
        self,
        writes: Sequence[tuple[Place, tuple[bytes | None, bytes | None]]],
        offsets: Sequence[TopicPartition],
    ) -> None:
        """A transaction becomes visible, whole."""
        for place, record in writes:
            self.logs[place].append(record)
        if self.torn and self.dice.random() < 0.1:
            return
        for tp in offsets:
            self.offsets[tp.topic, tp.partition] = tp.offset, tp.metadata or ""

    def read_whole(
        self,
        kafka: object,
        places: Sequence[Place],
        each: Callable[[Any], None],
        progress: Callable[[], None],
    ) -> dict[Place, int]:
        """As services/runtime/whole.py."""
        for place in places:
            for at, record in enumerate(self.logs[place]):
                each(MemoryMessage(place, at, record))
            progress()
        return {place: len(self.logs[place]) for place in places}

    def ends(self, kafka: object, places: Sequence[Place]) -> dict[Place, tuple[int, int]]:
        """As services/runtime/whole.py."""
        return {place: (0, len(self.logs[place])) for place in places}


class MemoryConsumer:
    """As confluent_kafka.Consumer: a member of the group, or a reader that was assigned by hand."""

    def __init__(self, kafka: MemoryKafka, config: Mapping[str, Any]) -> None:
        self.kafka = kafka
        self.name = str(config.get("group.instance.id", ""))
        self.generation, self.pending = -1, False
        self.owned: list[int] = []
        self.positions: dict[Place, int] = {}
        self.paused: set[Place] = set()
        self.topics: list[str] = []

    def subscribe(self, topics: list[str], **callbacks: Callable[..., None]) -> None:
        self.topics, self.callbacks = topics, callbacks
        self.kafka.join(self)

    def consume(self, count: int, timeout: float) -> list[MemoryMessage]:
        if self.topics and self.kafka.dice.random() < self.kafka.rebalance_share:
            self.kafka.rebalance()
        if self.pending:
            self._rebalanced()
        found = []
        for place in sorted(
            self.positions.keys() - self.paused, key=lambda _: self.kafka.dice.random()
        ):
            at = self.positions[place]
            some = self.kafka.logs[place][at : at + self.kafka.dice.randint(0, min(count, 9))]
            found += [MemoryMessage(place, at + i, record) for i, record in enumerate(some)]
            self.positions[place] = at + len(some)
        return found

    def _rebalanced(self) -> None:
        self.pending = False
        if self.kafka.members.get(self.name) is not self:
            self.callbacks["on_lost"](self, [])
            self.positions = {}
            self.kafka.join(self)
            return
        if self.generation >= 0:
            self.callbacks["on_revoke"](self, [])
        self.generation, self.positions = self.kafka.generation, {}
        shared = [TopicPartition(topic, p) for topic in self.topics for p in self.owned]
        self.callbacks["on_assign"](self, shared)

    def assign(self, partitions: Sequence[TopicPartition]) -> None:
        self.positions = {(tp.topic, tp.partition): tp.offset for tp in partitions}
        self.paused = set()

    def seek(self, tp: TopicPartition) -> None:
        self.positions[tp.topic, tp.partition] = tp.offset

    def pause(self, partitions: Sequence[TopicPartition]) -> None:
        self.paused |= {(tp.topic, tp.partition) for tp in partitions}

    def resume(self, partitions: Sequence[TopicPartition]) -> None:
        self.paused -= {(tp.topic, tp.partition) for tp in partitions}

    def committed(
        self, partitions: Sequence[TopicPartition], timeout: float
    ) -> list[TopicPartition]:
        none = (-1001, "")
        return [
            TopicPartition(
                tp.topic, tp.partition, *self.kafka.offsets.get((tp.topic, tp.partition), none)
            )
            for tp in partitions
        ]

    def get_watermark_offsets(self, tp: TopicPartition, cached: bool) -> tuple[int, int]:
        return 0, len(self.kafka.logs[tp.topic, tp.partition])

    def consumer_group_metadata(self) -> "MemoryConsumer":
        return self

    def close(self) -> None:
        """A member under a stable name does not leave."""


class MemoryTransactions:
    """As services/runtime/transaction.py."""

    def __init__(self, kafka: MemoryKafka, run: Run, name: str) -> None:
        self.kafka, self.run, self.name = kafka, run, name
        self.epoch, self.writes = -1, list[tuple[Place, tuple[bytes | None, bytes | None]]]()

    def begin_life(self) -> None:
        self.kafka.producers[self.name] += 1
        self.epoch = self.kafka.producers[self.name]

    def partitions(self, topic: str) -> int:
        return 1 if topic == "policy" else self.kafka.partitions

    def begin(self) -> None:
        assert self.writes == []

    def write(self, output: Output) -> None:
        topic = self.run.written(output.topic)
        if output.partition == EVERY:
            chosen = list(range(self.kafka.partitions))
        elif output.partition is None:
            chosen = [sum(output.key or b"") % self.kafka.partitions]
        else:
            chosen = [output.partition]
        self.writes += [((topic, p), (output.key, output.value)) for p in chosen]

    def write_row(self, state: str, partition: int, row: Row) -> None:
        self.writes.append(((self.run.written(state), partition), (row.key, row.value)))

    def commit(self, offsets: Sequence[TopicPartition], group: MemoryConsumer) -> None:
        faults.point("in_transaction")
        generation = group.generation
        self.kafka.between()
        current = self.kafka.members.get(group.name) is group
        if not current or generation != self.kafka.generation:
            raise AbortedError("another generation")
        if self.epoch != self.kafka.producers[self.name]:
            raise AbortedError("fenced")
        if self.kafka.dice.random() < self.kafka.abort_share:
            raise AbortedError("by dice")
        self.kafka.commit(self.writes, offsets)
        self.writes = []

    def abort(self) -> None:
        self.writes = []
