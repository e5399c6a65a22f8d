"""Reading partitions from their beginning to their end: state rows and broadcast topics.

The end is the high watermark that a read_uncommitted probe gives. A read_committed consumer's own
end is the last stable offset: it stands before a commit in flight, which would be missed.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import cast

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from services.runtime.clients import consuming

Place = tuple[str, int]
"""(topic on the broker, partition)"""

# A transaction that a dead owner left open holds readers up until it times out: 10 s and one
# round of the broker's scan, by the reference measurements 4 to 12 s. After this long the process
# ends and its next start tries again. Without a record for so long, that is: a large state may
# take much longer in all.
STILL_S_MAX = 120
PROBE_S_MAX = 30
MOVING = {
    KafkaError.NOT_LEADER_FOR_PARTITION,
    KafkaError.LEADER_NOT_AVAILABLE,
    KafkaError.OFFSET_NOT_AVAILABLE,  # a new leader that does not know how far the others are
}
UNCOMMITTED = "read_uncommitted"
CHUNK_RECORDS = 10_000


class NotWholeError(RuntimeError):
    """The end was not reached; the message says where it stood, or what Kafka says."""


def ends(kafka: Mapping[str, str], places: Sequence[Place]) -> dict[Place, tuple[int, int]]:
    """First offset and high watermark of each partition, open transactions included."""
    probe = Consumer(consuming(kafka, group_id="sidetap-probe") | {"isolation.level": UNCOMMITTED})
    try:
        return {place: _ends(probe, place) for place in places}
    finally:
        probe.close()


def _ends(probe: Consumer, place: Place) -> tuple[int, int]:
    """A leader that was just chosen, or moved, is asked again."""
    deadline_s = time.monotonic() + PROBE_S_MAX
    while True:
        try:
            return probe.get_watermark_offsets(TopicPartition(*place), PROBE_S_MAX)
        except KafkaException as caught:
            if caught.args[0].code() not in MOVING or time.monotonic() > deadline_s:
                raise
            time.sleep(0.1)


def read_whole(
    kafka: Mapping[str, str],
    places: Sequence[Place],
    each: Callable[[Message], None],
    progress: Callable[[], None] = lambda: None,
) -> dict[Place, int]:
    """Give every committed record of the partitions to `each`, in order within each partition.

    `progress` is called after each chunk. Returns the next offset of each partition. Raises
    NotWholeError.
    """
    found = ends(kafka, places)
    marks = {place: high for place, (low, high) in found.items()}
    open_places = {place for place, (low, high) in found.items() if high > low}
    if not open_places:
        return marks
    moved_s = time.monotonic()
    reader = Consumer(consuming(kafka, group_id="sidetap-whole"))
    try:
        reader.assign([TopicPartition(*place, found[place][0]) for place in sorted(open_places)])
        while open_places:
            for message in reader.consume(CHUNK_RECORDS, timeout=0.1):
                moved_s = time.monotonic()
                place = where(message)[:2]
                if place in open_places and _one(message, marks[place], each):
                    open_places.remove(place)
            progress()
            if time.monotonic() - moved_s > STILL_S_MAX:
                behind = ", ".join(f"{topic}/{p}" for topic, p in sorted(open_places))
                raise NotWholeError(f"reading {behind}: nothing came for {STILL_S_MAX} s")
    finally:
        reader.close()
    return marks


def where(message: Message) -> tuple[str, int, int]:
    """Topic, partition and offset, which a message from a consumer always has."""
    return cast(tuple[str, int, int], (message.topic(), message.partition(), message.offset()))


def _one(message: Message, mark: int, each: Callable[[Message], None]) -> bool:
    """Whether the partition was read to its mark."""
    error, (topic, partition, offset) = message.error(), where(message)
    if error is not None:
        if error.code() != KafkaError._PARTITION_EOF:  # noqa: SLF001  # its public name
            raise NotWholeError(f"reading {topic}/{partition}: {error.str()}")
        return offset >= mark
    if offset >= mark:
        return True  # it came after the question: whoever reads on from the mark will see it
    each(message)
    return offset + 1 >= mark
