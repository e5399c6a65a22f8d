"""The topic that blocks go to, as the broker describes it."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import cast

from confluent_kafka import KafkaError, KafkaException, TopicCollection
from confluent_kafka import Producer as ConfluentProducer
from confluent_kafka.admin import AdminClient

from services.capture.outbox import CLIENT, Producer
from services.runtime.clients import administering, producing

# librdkafka logs what its callbacks report too; the agent says it once, in its own words.
QUIET = logging.getLogger("sidetap.capture.kafka")
QUIET.addHandler(logging.NullHandler())
QUIET.propagate = False


@dataclass(frozen=True, slots=True)
class Destination:
    """A topic: `ident` changes when it is deleted and made again."""

    ident: str
    partitions: int


class UnknownTopicError(Exception):
    """The broker answered, and has no such topic."""


def connector(kafka: Mapping[str, str]) -> Callable[[Callable[[KafkaError], None]], Producer]:
    """Makes producers of a deployment. What keeps records from getting lost is not for settings."""

    def connect(on_error: Callable[[KafkaError], None]) -> Producer:
        settings = {**producing(kafka), **CLIENT, "error_cb": on_error}
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
    return Destination(str(found.topic_id), len(found.partitions))
