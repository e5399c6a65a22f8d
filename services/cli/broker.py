"""Topics as the command line reads them: from a fixed start to a fixed end, or on and on.

Readers use read_committed, so nothing is shown that a worker may still take back.
"""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import typer
from confluent_kafka import (
    OFFSET_BEGINNING,
    Consumer,
    KafkaError,
    KafkaException,
    Message,
    Producer,
    TopicPartition,
)
from confluent_kafka.admin import AdminClient

from services.cli.output import say
from services.cli.refusal import RefusedError
from services.cli.running import found
from services.runtime.clients import producing
from services.runtime.run import wrong_setting
from services.runtime.settings import load

ANSWER_S_MAX = 5.0
# A partition whose reader hears nothing for so long is not read to its end: said, not waited for.
SILENCE_S_MAX = 30.0
BATCH = 500

KafkaOption = Annotated[
    str | None,
    typer.Option("--kafka", metavar="HOST:PORT", help="Kafka; default: that of `sidetap up`."),
]
Client = Mapping[str, Any]


def client(said: str | None) -> dict[str, Any]:
    """Settings for Kafka clients: the option, else [kafka] of the settings, else what runs here.

    Raises RefusedError where none is known or none answers.
    """
    settings: dict[str, Any] = dict(load().kafka)
    if said:
        settings["bootstrap.servers"] = said
    elif "bootstrap.servers" not in settings:
        running = found()
        if running is None:
            raise RefusedError(
                "no Kafka is known: start `sidetap up` first, or name one with --kafka HOST:PORT."
            )
        settings["bootstrap.servers"] = running.bootstrap
    # librdkafka would print each failed attempt; the refusal below says it once.
    settings |= {"log_level": 0, "error_cb": lambda _error: None}
    topic_names(settings)
    return settings


def topic_names(settings: Client) -> set[str]:
    """Topics there are. Raises RefusedError where no Kafka answers, or a setting is none."""
    try:
        admin = AdminClient(dict(settings))
    except KafkaException as error:
        raise RefusedError(f"{wrong_setting(error, load().kafka)}.") from None
    try:
        return set(admin.list_topics(timeout=ANSWER_S_MAX).topics)
    except KafkaException:
        address = settings["bootstrap.servers"]
        raise RefusedError(
            f"no Kafka answers at {address} within {ANSWER_S_MAX:.0f} s: is it up, and is that its"
            " address (--kafka HOST:PORT)?"
        ) from None


@dataclass(frozen=True, slots=True)
class Place:
    """A partition and the offsets to read: from `first` up to, not with, `end`."""

    partition: int
    first: int
    end: int


def records(
    settings: Client, topic: str, *, since_ms: int | None = None, follow: bool = False
) -> Iterator[Message]:
    """Records of a topic, up to where it ended when this began, or for ever with `follow`.

    `since_ms` skips what the broker took in before that wall-clock time. A follower waits for a
    Kafka that went away, and says so; else RefusedError.
    """
    gone = _Gone()
    consumer = Consumer(
        {
            **settings,
            "error_cb": gone.hear,
            "group.id": "sidetap-people",  # Never joined: partitions are assigned by hand.
            "enable.auto.commit": False,
            "isolation.level": "read_committed",
            "enable.partition.eof": True,
            "auto.offset.reset": "earliest",
        }
    )
    try:
        partitions = _partitions(consumer, topic, since_ms)
        consumer.assign(partitions)
        yield from _to_the_end(
            consumer, {p.partition for p in partitions}, gone if follow else None
        )
    except KafkaException as error:
        raise RefusedError(f"Kafka stopped answering: {error.args[0].str()}.") from None
    finally:
        consumer.close()


def _partitions(consumer: Consumer, topic: str, since_ms: int | None) -> list[TopicPartition]:
    known = consumer.list_topics(topic, timeout=ANSWER_S_MAX).topics[topic]
    if known.error is not None:
        raise RefusedError(f"there is no topic {topic} yet: run `sidetap topics --apply`.")
    wanted = [TopicPartition(topic, number, OFFSET_BEGINNING) for number in known.partitions]
    if since_ms is None:
        return wanted
    times = [TopicPartition(topic, p.partition, max(since_ms, 0)) for p in wanted]
    return list(consumer.offsets_for_times(times, timeout=ANSWER_S_MAX))


class _Gone:
    """Whether Kafka went away while somebody follows; both turns are said once."""

    def __init__(self) -> None:
        self.is_gone = self.told = False

    def hear(self, error: KafkaError) -> None:
        """What the client says of its connections."""
        self.is_gone |= error.code() == KafkaError._ALL_BROKERS_DOWN  # noqa: SLF001 (its public name)

    def tell(self) -> None:
        """Say that nothing comes any more, and why."""
        if self.is_gone and not self.told:
            say("sidetap: Kafka does not answer any more; waiting for it …")
            self.told = True

    def back(self) -> None:
        """Something came."""
        if self.told:
            say("sidetap: Kafka answers again")
        self.is_gone = self.told = False


def _to_the_end(
    consumer: Consumer, unfinished: set[int], followed: _Gone | None
) -> Iterator[Message]:
    heard = time.monotonic()
    while unfinished or followed:
        messages = consumer.consume(BATCH, timeout=0.2)
        if followed and messages:
            followed.back()
        elif followed:
            followed.tell()
        for message in messages:
            heard = time.monotonic()
            error = message.error()
            if error is None:
                yield message
            elif error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 (its public name)
                unfinished.discard(message.partition())
            elif error.fatal() or not error.retriable():
                raise RefusedError(f"Kafka refused to be read: {error.str()}.")
        if not followed and time.monotonic() - heard > SILENCE_S_MAX:
            raise RefusedError(f"Kafka has been silent for {SILENCE_S_MAX:.0f} s; is it well?")


def send(settings: Client, topic: str, key: bytes, value: bytes) -> None:
    """One record, confirmed by the broker. Raises RefusedError where it is not."""
    failures: list[str] = []

    def settled(error: KafkaError | None, _message: Message) -> None:
        if error is not None:
            failures.append(error.str())

    producer = Producer(producing(settings, message_timeout_ms=10_000))
    producer.produce(topic, key=key, value=value, on_delivery=settled)
    producer.flush(15)
    if failures:
        raise RefusedError(f"Kafka did not take it: {failures[0]}.")
