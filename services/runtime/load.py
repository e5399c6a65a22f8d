"""What a worker carries and how it keeps up, told to its metrics."""

import logging
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from confluent_kafka import Consumer, TopicPartition

from services.runtime.clients import Run
from services.runtime.core import Changes, Event
from services.runtime.metrics import Metric, Metrics
from services.runtime.partitions import Part
from services.runtime.whole import Place

LAG_EVERY_S = 1
HOT_EVERY_S = 60
# More than half of what one worker reads, on one of at least four partitions, is no chance:
# a proxy that is not in the trusted-proxy rules looks like one client.
HOT_SHARE = 0.5
HOT_PARTITIONS_MIN = 4
HOT_RECORDS_MIN = 1_000

log = logging.getLogger("sidetap")


class Load:
    """Counts by partition."""

    def __init__(
        self, metrics: Metrics, run: Run, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._metrics, self._run, self._clock = metrics, run, clock
        self._lag_at_s = self._hot_at_s = self._restore_at_s = clock()
        self._recent: Counter[Place] = Counter()
        self._ends: dict[Place, int] = {}
        self._expired: dict[Place, int] = {}

    def took(self, place: Place, events: Sequence[Event]) -> None:
        """Events were fed."""
        size = sum(len(event.value or b"") + len(event.key or b"") for event in events)
        self._metrics.add(Metric.RECORDS_IN, len(events), topic=place[0])
        self._metrics.add(Metric.BYTES_IN, size, topic=place[0])
        self._recent[place] += len(events)

    def committed(self, changes: Changes) -> None:
        """A batch's changes are on the broker."""
        for topic, count in Counter(output.topic for output in changes.outputs).items():
            self._metrics.add(Metric.RECORDS_OUT, count, topic=topic)
        for event, count in changes.counts.items():
            self._metrics.add(Metric.EVENTS, count, event=event)
        self._metrics.add(Metric.ROWS_WRITTEN, len(changes.rows))
        places = ((each.event.topic, each.event.partition) for each in changes.rejected)
        for (topic, number), count in Counter(places).items():
            self._metrics.add(Metric.REJECTED, count, topic=topic, partition=str(number))

    def restoring(self) -> None:
        """An assignment begins."""
        self._restore_at_s = self._clock()
        self._recent.clear()
        self._ends.clear()
        for name in (Metric.LAG, Metric.HOT):
            self._metrics.forget(name)

    def restored(self, rows: int) -> None:
        """So many rows were read since `restoring`; called now and then and at the end."""
        self._metrics.set(Metric.RESTORED_ROWS, rows)
        self._metrics.set(Metric.RESTORE_SECONDS, self._clock() - self._restore_at_s)

    def expired(self, place: Place, committed: int, first: int) -> None:
        """Retention took the offsets from `committed` up to `first` before they were read.

        Told once, though an aborted first batch asks again.
        """
        begin = max(committed, self._expired.get(place, 0))
        if begin < first:
            self._expired[place] = first
            self._metrics.add(
                Metric.EXPIRED, first - begin, topic=place[0], partition=str(place[1])
            )
            log.error(
                "%s/%d: offsets %d to %d were deleted by retention before they were read",
                *place, begin, first - 1,
            )  # fmt: skip

    def at_end(self, place: Place, offset: int) -> None:
        """The client saw the end of a partition; transaction markers stand before it."""
        self._ends[place] = offset

    def show(self, consumer: Consumer, parts: Mapping[Place, Part]) -> None:
        """Lag and hot partitions, as often as that makes sense."""
        now = self._clock()
        if now - self._lag_at_s >= LAG_EVERY_S:
            self._lag_at_s = now
            for place, part in parts.items():
                tp = TopicPartition(self._run.read(part.topic), part.partition)
                _, high = consumer.get_watermark_offsets(tp, cached=True)
                lag = max(0, high - max(part.next_offset, self._ends.get(place, 0)))
                self._metrics.set(Metric.LAG, lag, topic=place[0], partition=str(place[1]))
        if now - self._hot_at_s >= HOT_EVERY_S:
            self._hot_at_s = now
            self._show_hot(parts)

    def _show_hot(self, parts: Mapping[Place, Part]) -> None:
        hot = hot_partition(self._recent, len(parts))
        for topic, partition in parts:
            is_hot = (topic, partition) == hot
            self._metrics.set(Metric.HOT, is_hot, topic=topic, partition=str(partition))
        if hot:
            log.warning(
                "%s/%d has most of the records: is a proxy missing from the trusted ones?", *hot
            )
        self._recent.clear()


def hot_partition(recent: Mapping[Place, int], partitions: int) -> Place | None:
    """The partition that has most of the records, where that is no chance."""
    total = sum(recent.values())
    if partitions < HOT_PARTITIONS_MIN or total < HOT_RECORDS_MIN:
        return None
    place = max(recent, key=lambda place: recent[place])
    return place if recent[place] > total * HOT_SHARE else None
