"""How far each group is behind, in records that it will really be given.

The end of a transactional topic is a commit marker, which nobody is given: a worker that has
read everything stands one offset before the end. So short distances are read, not subtracted.
"""

import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from confluent_kafka import (
    Consumer,
    ConsumerGroupTopicPartitions,
    KafkaError,
    KafkaException,
    TopicPartition,
)
from confluent_kafka.admin import AdminClient

from services.cli.broker import ANSWER_S_MAX
from services.cli.refusal import RefusedError
from services.runtime.clients import consuming

# A distance of so few offsets may be markers alone; a longer one has records in it.
MARKERS_MAX = 64
CHUNK_RECORDS = 1_000
# Nobody waits for a chunk to be full.
GLANCE_S = 0.1
TopicPlace = tuple[str, int]
Places = Mapping[TopicPlace, int]


@dataclass(frozen=True, slots=True)
class Lag:
    """How far a group is behind in one topic."""

    group: str
    topic: str
    records: int
    partitions: int


def lags(settings: Mapping[str, Any], prefix: str = "", ends: Places | None = None) -> list[Lag]:
    """Of every group whose name begins so, in order.

    `ends` are offsets that stand for the end of their partitions. Raises RefusedError where Kafka
    stops answering.
    """
    admin = AdminClient(dict(settings))
    reader = Consumer(consuming(dict(settings), group_id="sidetap-people"))
    try:
        valid = admin.list_consumer_groups(request_timeout=ANSWER_S_MAX).result().valid
        names = sorted(g.group_id for g in valid if g.group_id.startswith(prefix))
        return [lag for name in names for lag in _of_group(admin, reader, name, ends or {})]
    except KafkaException as error:
        raise RefusedError(f"Kafka stopped answering: {error.args[0].str()}.") from None
    finally:
        reader.close()


def _of_group(admin: AdminClient, reader: Consumer, group: str, ends: Places) -> Iterator[Lag]:
    (answer,) = admin.list_consumer_group_offsets([ConsumerGroupTopicPartitions(group)]).values()
    behind: Counter[str] = Counter()
    partitions: Counter[str] = Counter()
    near: dict[TopicPlace, tuple[int, int]] = {}
    for place in answer.result().topic_partitions:
        end = ends.get((place.topic, place.partition))
        if end is None:
            _, end = reader.get_watermark_offsets(place, timeout=ANSWER_S_MAX)
            if 0 < end - place.offset <= MARKERS_MAX:
                near[place.topic, place.partition] = max(0, place.offset), end
                end = place.offset
        behind[place.topic] += max(0, end - max(0, place.offset))
        partitions[place.topic] += 1
    behind.update(_waiting(reader, near))
    return (Lag(group, topic, behind[topic], count) for topic, count in sorted(partitions.items()))


def _waiting(reader: Consumer, near: Mapping[TopicPlace, tuple[int, int]]) -> Counter[str]:
    """Records by topic from each first offset up to, not with, the end: others come meanwhile."""
    counts: Counter[str] = Counter()
    unfinished = {place: end for place, (_, end) in near.items()}
    reader.assign([TopicPartition(*place, first) for place, (first, _) in near.items()])
    silent_at_s = time.monotonic() + ANSWER_S_MAX
    while unfinished:
        messages = reader.consume(CHUNK_RECORDS, timeout=GLANCE_S)
        if messages:
            silent_at_s = time.monotonic() + ANSWER_S_MAX
        elif time.monotonic() > silent_at_s:
            raise RefusedError(f"Kafka has been silent for {ANSWER_S_MAX:.0f} s; is it well?")
        for message in messages:
            error, place = message.error(), (message.topic() or "", message.partition() or 0)
            end, offset = unfinished.get(place, 0), message.offset() or 0
            if error is None:
                counts[place[0]] += offset < end
                if offset >= end - 1:
                    unfinished.pop(place, None)
            elif error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 (its public name)
                unfinished.pop(place, None)
    reader.unassign()
    return counts
