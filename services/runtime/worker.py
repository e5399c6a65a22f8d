"""The transactional worker: exactly once, from the input topics to the outputs.

In:     records of the input topics, in batches; records of broadcast topics between batches.
Out:    in one Kafka transaction a batch: outputs, changed state rows, dead letters and offsets.
Keeps:  one core for each assigned partition; nothing that the broker does not also have.

1. Assignment: committed offsets (which waits for a predecessor's transaction, KIP-447), then the
   changelog to its high watermark, then broadcast topics: partitions.py.
2. A batch: gather, feed the cores, take what changed, commit it. Nothing is open between batches,
   so there is nothing to save when partitions are revoked.
3. What Kafka takes back is worked through again by cores restored anew. What is unexpected ends
   the process: the next start is right.

docs/decisions/0011 and 0012 give the reasons; tests/simulation and tests/broker show them.
"""

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from confluent_kafka import Consumer, KafkaError, Message, TopicPartition

from services.runtime import faults
from services.runtime.clients import Run, consuming
from services.runtime.core import Changes, Event, Service
from services.runtime.dead_letters import dead_letter
from services.runtime.health import Health
from services.runtime.load import Load
from services.runtime.metrics import Metric
from services.runtime.partitions import Broadcasts, Part, Restorer, broadcast_event
from services.runtime.pauses import POLICY, Pauses
from services.runtime.transaction import (
    ANSWER_S_MAX,
    AbortedError,
    MisfitError,
    Transactions,
    WorkerError,
)
from services.runtime.whole import Place, ends, where

# Records asked of the client at once: small enough to stop near `batch_bytes_max`.
CHUNK_RECORDS = 256
BROADCAST_RECORDS_MAX = 5_000

log = logging.getLogger("sidetap")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """[worker]"""

    batch_interval_ms: int = 50
    """From one batch to the next, work included; some services take several (`intervals`)."""
    batch_records_max: int = 5_000
    """At 200 µs a record, which detection may take, one second; larger gains little throughput."""
    batch_bytes_max: int = 16_777_216
    session_timeout_ms: int = 10_000
    """A worker silent for so long loses its partitions; one that restarts sooner keeps them."""
    transaction_timeout_ms: int = 10_000
    """What a dead worker left open is taken back after this; others' reads wait for it."""
    http_host: str = "127.0.0.1"
    http_port: int = 0
    """For /live, /ready and /metrics; 0: a free one, which the first log line names."""

    def __post_init__(self) -> None:
        if min(self.batch_interval_ms, self.batch_records_max, self.batch_bytes_max) < 1:
            raise ValueError("a batch needs room for at least one record")
        if self.transaction_timeout_ms < 10 * self.batch_interval_ms:
            raise ValueError("transaction_timeout_ms must be ten times batch_interval_ms or more")


class Worker:
    """One worker process of a service. `slot` tells it from its siblings and survives restarts."""

    def __init__(
        self,
        service: Service,
        settings: Settings,
        kafka: Mapping[str, str],
        health: Health,
        *,
        slot: int = 0,
        run: Run | None = None,
    ) -> None:
        self.service, self.settings, self.run, self.health = service, settings, run or Run(), health
        self.stopping = False
        self.parts: dict[Place, Part] = {}
        self._kafka = kafka
        self._inputs = {self.run.read(topic): topic for topic in service.inputs}
        group = self.run.written(service.name)
        name = f"{group}-{slot}"
        self._pauses = Pauses(kafka, group)
        self._load = Load(health.metrics, self.run)
        self._restorer = Restorer(service, kafka, self.run, self._restoring)
        self._broadcasts = Broadcasts()
        self._finished: set[Place] = set()
        self._newly_assigned: list[Place] | None = None
        self._due_s = 0.0
        self._transactions = Transactions(kafka, self.run, name, settings.transaction_timeout_ms)
        # Where retention took what a reader stood at, the process ends; the next start counts it.
        self._tail = Consumer(
            consuming(kafka, group_id=f"{name}-broadcasts", auto_offset_reset="error")
        )
        # Eager on purpose: no rebalance completes without us while a batch is under way, so a
        # healthy worker's commit is never refused. docs/decisions/0011.
        self._consumer = Consumer(
            consuming(
                kafka,
                group_id=group,
                group_instance_id=name,
                auto_offset_reset="error",
                session_timeout_ms=settings.session_timeout_ms,
                heartbeat_interval_ms=settings.session_timeout_ms // 4,
                partition_assignment_strategy="range",
            )
        )

    def work(self) -> None:
        """Until `stopping`. Raises WorkerError, or KafkaException where Kafka says why."""
        self._transactions.begin_life()
        self._check_topics()
        self._consumer.subscribe(
            list(self._inputs),
            on_assign=self._assigned,
            on_revoke=self._revoked,
            on_lost=self._revoked,
        )
        try:
            while not self.stopping:
                self._step()
        finally:
            self._consumer.close()
            self._tail.close()
            self._pauses.close()

    def _step(self) -> None:
        """One batch, or one interval without any."""
        begun_s = time.monotonic()
        finished = len(self._finished)
        batch = self._gather()
        # What is learned, and the end of a replay's range, is committed without events too.
        everything = self._learn() or len(self._finished) > finished
        due = [part for place, part in self.parts.items() if everything or place in batch]
        if due:
            self._work_through(due, batch)
            self.health.metrics.observe(Metric.BATCH_SECONDS, time.monotonic() - begun_s)
        self._resume()
        self._load.show(self._consumer, self.parts)
        self._say_how_it_is()

    # Gathering

    def _gather(self) -> dict[Place, list[Event]]:
        """What comes until the next batch is due, up to the limits, by partition.

        Batches are due an interval apart, work included: who worked for longer than that takes
        what has come meanwhile, and waits for nothing more.
        """
        batch: dict[Place, list[Event]] = {}
        settings, records, size = self.settings, 0, 0
        interval_s = settings.batch_interval_ms * self.service.intervals / 1000
        self._due_s = max(time.monotonic(), self._due_s + interval_s)
        late = False
        while not (late or self.stopping) and (
            records < settings.batch_records_max and size < settings.batch_bytes_max
        ):
            wait_s = max(0.0, self._due_s - time.monotonic())
            messages = self._consumer.consume(CHUNK_RECORDS, wait_s)
            late = len(messages) < CHUNK_RECORDS and time.monotonic() >= self._due_s
            if self._newly_assigned is not None:
                # What was gathered stands before the rebalance, and will come again.
                batch, records, size = {}, 0, 0
                self._take_over()
                continue
            for message in messages:
                event = self._event(message)
                if event is not None:
                    batch.setdefault((event.topic, event.partition), []).append(event)
                    records += 1
                    size += len(event.value or b"") + len(event.key or b"")
        # Partitions may have been taken away in the middle of it.
        return {place: events for place, events in batch.items() if place in self.parts}

    def _event(self, message: Message) -> Event | None:
        """None where there is nothing to feed."""
        error, (topic, partition, offset) = message.error(), where(message)
        place = (self._inputs.get(topic, ""), partition)
        at_end = error is not None and _is_end(error)
        if error is not None and not at_end:
            raise WorkerError(f"reading {topic}/{partition}: {error.str()}")
        if place in self.run.ends and offset >= self.run.ends[place]:
            self._finished.add(place)
            return None
        if at_end:
            self._load.at_end(place, offset)
            return None
        if place in self._pauses:
            return None
        at_us = message.timestamp()[1] * 1000
        return Event(*place, offset, message.key(), message.value(), at_us)

    def _learn(self) -> bool:
        """Give the cores what came on broadcast topics; whether anything did."""
        if not self._broadcasts.next_offsets or not self.parts:
            return False
        learned = False
        for message in self._tail.consume(BROADCAST_RECORDS_MAX, timeout=0):
            error = message.error()
            if error is None:
                event = broadcast_event(message, self.run)
                for part in self.parts.values():
                    part.core.learn(event)
                topic, partition, offset = where(message)
                self._broadcasts.moved((topic, partition), offset + 1)
                learned = True
            elif not _is_end(error):
                raise WorkerError(f"reading {message.topic()}: {error.str()}")
        return learned

    # Working and committing

    def _work_through(self, due: Sequence[Part], batch: Mapping[Place, Sequence[Event]]) -> None:
        """One batch, whole; where Kafka takes it back, cores restored anew will see it again."""
        faults.point("before_produce")
        work = []
        for part in due:
            events = batch.get(part.place, ())
            work.append((part, self._changes(part, events), self._next_offset(part, events)))
        try:
            self._transact(work)
        except AbortedError as aborted:
            log.warning("a transaction was taken back: %s", aborted)
            self.health.metrics.add(Metric.ABORTED)
            self._transactions.abort()
            self._restore(list(self.parts))
            # Not `assign`: if the partitions were lost meanwhile, it would answer that event.
            for part in self.parts.values():
                self._consumer.seek(self._at(part, part.next_offset))
            self._consumer.resume([self._at(part) for part in self.parts.values()])
            self._pause()

    def _changes(self, part: Part, events: Sequence[Event]) -> Changes:
        if events:
            part.core.feed(events)
            self._load.took(part.place, events)
        changes = part.core.take()
        # What is wrong with a broadcast record is not the fault of this partition's producers.
        own = sum(rejected.event.topic == part.topic for rejected in changes.rejected)
        if self._pauses.rejected(part.place, own):
            self._pauses.pause(part.place)
            self._consumer.pause([self._at(part)])
            log.error("%s/%d is paused: too much on it cannot be read", *part.place)
        return changes

    def _next_offset(self, part: Part, events: Sequence[Event]) -> int:
        if part.place in self._finished:
            return self.run.ends[part.place]
        return events[-1].offset + 1 if events else part.next_offset

    def _transact(self, work: Sequence[tuple[Part, Changes, int]]) -> None:
        """Outputs, rows, dead letters and offsets: all or nothing."""
        self._transactions.begin()
        progress = self._broadcasts.progress()
        offsets = []
        for part, changes, next_offset in work:
            for output in changes.outputs:
                self._transactions.write(output)
            for rejected in changes.rejected:
                self._transactions.write(dead_letter(self.service.name, rejected))
            if self.service.state is not None:
                for row in part.rows(changes.rows, progress):
                    self._transactions.write_row(self.service.state, part.partition, row)
            offsets.append(self._at(part, next_offset))
        self._transactions.commit(offsets, self._consumer.consumer_group_metadata())
        faults.point("after_commit")
        for part, changes, next_offset in work:
            part.next_offset, part.progress = next_offset, progress
            self._load.committed(changes)
        self.health.metrics.add(Metric.BATCHES)

    def _at(self, part: Part, offset: int = 0) -> TopicPartition:
        """The partition as the broker names it, with what the committed offset carries."""
        topic, metadata = self.run.read(part.topic), self._pauses.metadata(part.place)
        return TopicPartition(topic, part.partition, offset, metadata)

    # Partitions coming and going

    def _assigned(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        """Called inside `consume`, where an exception has no way out: only taken down here."""
        self._newly_assigned = [(self._inputs[tp.topic], tp.partition) for tp in partitions]
        consumer.assign([])

    def _take_over(self) -> None:
        """Restore what was assigned, then read on from what was committed."""
        assert self._newly_assigned is not None
        places, self._newly_assigned = self._newly_assigned, None
        self._restore(places)
        self._consumer.assign([self._at(part, part.next_offset) for part in self.parts.values()])
        self._pause()

    def _revoked(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        """One batch is one transaction, so nothing is open here."""
        del consumer, partitions
        self.parts, self._newly_assigned = {}, None
        self._pauses.forget()

    def _restore(self, places: Sequence[Place]) -> None:
        """Begin anew with these partitions, and only these, from what the broker keeps."""
        self.parts = {}
        self._finished.clear()
        self._load.restoring()
        offsets = self._committed_offsets(places)
        self.parts, self._broadcasts = self._restorer.restore(offsets, self._broadcast_places())
        self._tail.assign(
            [TopicPartition(*place, at) for place, at in self._broadcasts.next_offsets.items()]
        )

    def _pause(self) -> None:
        """Partitions that wait for a person give nothing."""
        waiting = [self._at(part) for place, part in self.parts.items() if place in self._pauses]
        self._consumer.pause(waiting)

    def _committed_offsets(self, places: Sequence[Place]) -> dict[Place, int]:
        """Where each partition goes on; waits for a predecessor's commit that is under way.

        Never before the first record that the broker still has; what is missing is counted.
        """
        if not places:
            return {}
        asked = [TopicPartition(self.run.read(topic), partition) for topic, partition in places]
        committed = self._consumer.committed(asked, ANSWER_S_MAX)
        found = ends(self._kafka, [(tp.topic, tp.partition) for tp in committed])
        offsets: dict[Place, int] = {}
        for tp in committed:
            place, first = (self._inputs[tp.topic], tp.partition), found[tp.topic, tp.partition][0]
            self._pauses.adopt(place, tp.metadata)
            offsets[place] = max(tp.offset, first)  # without a commit tp.offset is negative
            if 0 <= tp.offset < first:
                self._load.expired(place, tp.offset, first)
        return offsets

    def _broadcast_places(self) -> list[Place]:
        topics = [self.run.read(topic) for topic in self.service.broadcasts]
        return [(t, p) for t in topics for p in range(self._transactions.partitions(t))]

    def _restoring(self, rows: int) -> None:
        self.health.beat()
        self._load.restored(rows)

    def _resume(self) -> None:
        """Go on where people said so."""
        for place in self._pauses.resumed():
            part = self.parts.get(place)
            if part is not None:
                self._consumer.seek(self._at(part, part.next_offset))
                self._consumer.resume([self._at(part)])
                log.warning("%s/%d goes on", *place)

    # What it says of itself

    def _say_how_it_is(self) -> None:
        waiting_for = "" if self.parts else "partitions"
        if self._pauses:
            waiting_for = f"`sidetap topics --resume`: {len(self._pauses)} partitions are paused"
        self.health.waiting_for = waiting_for
        self.health.metrics.set(Metric.PAUSED, len(self._pauses))
        self.health.metrics.set(Metric.READY, not waiting_for)
        self.health.beat()

    def _check_topics(self) -> None:
        """Raises MisfitError where one is missing or the changelog has too few partitions."""
        counts = [self._transactions.partitions(topic) for topic in self._inputs]
        self._broadcast_places()
        self._transactions.partitions(POLICY[0])
        if self.service.state is not None:
            state = self.run.written(self.service.state)
            if self._transactions.partitions(state) < max(counts):
                raise MisfitError(
                    f"{state} has fewer partitions than an input of {self.service.name}:"
                    f" it needs {max(counts)}"
                )


def _is_end(error: KafkaError) -> bool:
    """Of a partition. Of what librdkafka gets over by itself a consumer hears nothing."""
    return error.code() == KafkaError._PARTITION_EOF  # noqa: SLF001  # its public name
