"""Which records of a topic a stretch of packet time is: fixed offsets, found once."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from confluent_kafka import Consumer, TopicPartition

from schemas.codec import UndecodableError, decode
from schemas.topics import topics
from schemas.types import PacketBlock, Watermark
from services.cli.broker import ANSWER_S_MAX, records
from services.cli.stored_exchanges import CLOCK_SLACK_MS
from services.runtime.clients import consuming
from services.runtime.exchanges import read_exchange

Places = dict[tuple[str, int], int]


@dataclass(slots=True)
class Range:
    """First offset to read and the one after the last, by (topic, partition)."""

    begins: Places = field(default_factory=dict)
    ends: Places = field(default_factory=dict)

    @property
    def records(self) -> int:
        """How many records it has, watermarks and heartbeats included."""
        return sum(max(0, end - self.begins[place]) for place, end in self.ends.items())


def find(settings: Mapping[str, Any], topic: str, from_us: int | None, to_us: int | None) -> Range:
    """The smallest range of each partition that holds every record of this packet time."""
    whole = _whole(settings, topic)
    if from_us is None and to_us is None:
        return whole
    # The broker takes a record in after its packets were seen: nothing earlier need be read.
    since_ms = None if from_us is None else from_us // 1_000 - CLOCK_SLACK_MS
    time_of = _time_of_exchange if topic == "exchanges" else _time_of_block
    found = Range()
    for message in records(settings, topic, since_ms=since_ms):
        at_us = time_of(message.value() or b"")
        inside = at_us is not None and (from_us or 0) <= at_us <= (to_us or at_us)
        if inside:
            place = (topic, message.partition() or 0)
            offset = message.offset() or 0
            found.begins.setdefault(place, offset)
            found.ends[place] = offset + 1
    # A partition with nothing inside is read not at all.
    for place, first in whole.begins.items():
        found.ends.setdefault(place, found.begins.setdefault(place, first))
    return found


def _whole(settings: Mapping[str, Any], topic: str) -> Range:
    found = Range()
    reader = Consumer(consuming(dict(settings), group_id="sidetap-people"))
    try:
        for number in range(topics()[topic].partitions):
            asked = TopicPartition(topic, number)
            first, end = reader.get_watermark_offsets(asked, timeout=ANSWER_S_MAX)
            found.begins[topic, number], found.ends[topic, number] = first, end
    finally:
        reader.close()
    return found


def _time_of_exchange(record: bytes) -> int | None:
    """Packet time of an exchange or watermark; None: it is neither."""
    at_us = _or_none(lambda: read_exchange(record).at_us)
    return _or_none(lambda: _watermark(record)) if at_us is None else at_us


def _watermark(record: bytes) -> int:
    found = decode(record)
    if not isinstance(found, Watermark):
        raise UndecodableError("no watermark")
    return found.at_us


def _time_of_block(record: bytes) -> int | None:
    def clock_us() -> int:
        found = decode(record)
        if not isinstance(found, PacketBlock):
            raise UndecodableError("no block")
        return found.clock_us

    return _or_none(clock_us)


def _or_none(read: Callable[[], int]) -> int | None:
    """A record nobody can read is inside if its neighbours are; it decides nothing."""
    try:
        return read()
    except ValueError:
        return None
