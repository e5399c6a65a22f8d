"""The topic that blocks go to, as the broker describes it."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import cast

from confluent_kafka import KafkaError, KafkaException, TopicCollection
from confluent_kafka import Producer as ConfluentProducer
from confluent_kafka.admin import AdminClient

from services.capture.outbox import CLIENT, Connect, Producer
from services.runtime.clients import administering, producing

# librdkafka logs what its callbacks report too; the agent says it once, in its own words.
QUIET = logging.getLogger("sidetap.capture.kafka")
QUIET.addHandler(logging.NullHandler())
QUIET.propagate = False
QUIET.setLevel(logging.CRITICAL + 1)


@dataclass(frozen=True, slots=True)
class Destination:
    """A topic: `ident` changes when it is deleted and made again."""

    ident: str
    partitions: int


class UnknownTopicError(Exception):
    """The broker answered, and has no such topic."""


class MismatchError(RuntimeError):
    """The topic is not as wide as the agent takes it to be."""


def connector(kafka: Mapping[str, str]) -> Connect:
    """Makes producers of a deployment. What keeps records from getting lost is not for settings."""

    def connect(on_error: Callable[[KafkaError], None], alone: bool) -> Producer:
        settings = {**producing(kafka), **CLIENT, "error_cb": on_error}
        if alone:
            settings["batch.num.messages"] = 1
        return cast(Producer, ConfluentProducer(settings, logger=QUIET))

    return connect


def look(kafka: Mapping[str, str], topic: str, wait_s: float) -> Destination | None:
    """The topic as it is now; None when no broker answers in time.

    Raises UnknownTopicError.
    """
    admin = AdminClient(administering(kafka), logger=QUIET)
    futures = admin.describe_topics(TopicCollection([topic]), request_timeout=wait_s)
    try:
        found = futures[topic].result(wait_s + 1)
    except KafkaException as error:
        if error.args[0].code() == KafkaError.UNKNOWN_TOPIC_OR_PART:
            raise UnknownTopicError(
                f"Kafka has no topic {topic}: `sidetap topics --apply`"
            ) from None
        return None
    except TimeoutError:
        return None
    # The id is URL-unsafe base64; it names a folder.
    return Destination(str(found.topic_id).replace("/", "_"), len(found.partitions))


def width(destination: Destination, topic: str, packed_for: int) -> int:
    """The partitions to pack for: what the topic has. 0: no wish.

    Raises MismatchError where another number was wished: the halves of a flow would not meet.
    """
    if packed_for not in (0, destination.partitions):
        raise MismatchError(
            f"topic {topic} has {destination.partitions} partitions, and this agent packs for "
            f"{packed_for}"
        )
    return destination.partitions


def cluster_ports(kafka: Mapping[str, str], wait_s: float) -> set[int]:
    """Where Kafka listens: what the settings say, and the brokers where one answers in time."""
    parts = [address.rpartition(":")[2] for address in kafka["bootstrap.servers"].split(",")]
    ports = {int(part) for part in parts if part.isdigit()} or {9_092}
    try:
        found = AdminClient(administering(kafka), logger=QUIET).list_topics(timeout=wait_s)
    except KafkaException:
        return ports
    return ports | {broker.port for broker in found.brokers.values()}
