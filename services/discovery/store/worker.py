"""Follows `endpoints` into the database that `[discovery] store` names.

In:     committed records of the topic, from where the database says it was read to.
Out:    rows (services/discovery/store/projection.py).
Keeps:  nothing: offsets stand in the database, not at the broker.
"""

import logging
from collections.abc import Mapping, Sequence

from confluent_kafka import (
    OFFSET_BEGINNING,
    Consumer,
    KafkaError,
    KafkaException,
    Message,
    TopicPartition,
)

from services.discovery.store.batch import Told
from services.discovery.store.projection import TOPIC, Projection
from services.runtime.clients import consuming
from services.runtime.health import Health

# Never joined: the partitions are assigned by hand, for one process reads them all.
GROUP = "discovery-store"
BATCH_RECORDS = 1_000
WAIT_S = 0.5
METADATA_S_MAX = 30

log = logging.getLogger("sidetap")


def following(kafka: Mapping[str, str]) -> Consumer:
    """A consumer for the projector. Raises KafkaException where a setting is none."""
    return Consumer(consuming(kafka, group_id=GROUP))


class Projector:
    """One process a database."""

    def __init__(self, projection: Projection, consumer: Consumer, health: Health) -> None:
        self.stopping = False
        self._projection = projection
        self._health = health
        self._consumer = consumer

    def work(self) -> None:
        """Until `stopping`. Raises KafkaException, SQLAlchemyError or BusyError."""
        try:
            self._consumer.assign(self._places())
            self._health.waiting_for = ""
            while not self.stopping:
                self._health.beat()
                self._take(self._consumer.consume(BATCH_RECORDS, WAIT_S))
        finally:
            self._consumer.close()

    def _places(self) -> list[TopicPartition]:
        known = self._consumer.list_topics(TOPIC, METADATA_S_MAX).topics[TOPIC]
        if known.error is not None:
            raise KafkaException(known.error)
        read = self._projection.offsets
        return [
            TopicPartition(TOPIC, number, read.get(number, OFFSET_BEGINNING))
            for number in known.partitions
        ]

    def _take(self, messages: Sequence[Message]) -> None:
        told = [record for message in messages if (record := _told(message)) is not None]
        if told:
            for sentence in self._projection.take(told):
                log.warning("%s", sentence)


def _told(message: Message) -> Told | None:
    """None where there is nothing to write. Raises KafkaException."""
    error = message.error()
    if error is None:
        partition, offset = message.partition(), message.offset()
        assert partition is not None
        assert offset is not None, "a record that was read has a place"
        return Told(partition, offset, message.key() or b"", message.value())
    if error.code() == KafkaError._PARTITION_EOF or error.retriable():  # noqa: SLF001
        return None
    raise KafkaException(error)
