"""The window to Kafka against a real broker: sizes it refuses, topics it has not, a power cut."""

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest
from confluent_kafka import Consumer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from services.capture.destination import UnknownTopicError, connector, look
from services.capture.letters import Letter
from services.capture.outbox import Outbox
from services.runtime.clients import administering, consuming
from services.runtime.kafka_local import LocalKafka

PARTITIONS = 3
DEADLINE_S = 90


@pytest.fixture(scope="module")
def broker() -> Iterator[LocalKafka]:
    """Its own: it dies in the middle."""
    local = LocalKafka().start()
    yield local
    local.stop()


@dataclass(slots=True)
class Sender:
    """An outbox that counts."""

    topic: str
    outbox: Outbox
    settled: dict[int, str | None] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)
    posted: int = 0

    def post(self, count: int, value_bytes: int = 1_000) -> None:
        for _ in range(count):
            while not self.outbox.room:
                self.outbox.serve(0.1)
            value = b"%08d" % self.posted + os.urandom(value_bytes)
            partition = self.posted % PARTITIONS
            self.outbox.post(Letter(self.topic, value, partition, sequence=self.posted))
            self.posted += 1
            self.outbox.serve(0)

    def until(self, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + DEADLINE_S
        while not condition():
            assert time.monotonic() < deadline, self.said
            self.outbox.serve(0.1)


def sender(broker: LocalKafka, topic: str) -> Sender:
    settled: dict[int, str | None] = {}
    said: list[str] = []
    outbox = Outbox(
        connector({"bootstrap.servers": broker.bootstrap}),
        settled=lambda letter, reason: settled.update({letter.sequence: reason}),
        say=said.append,
        now_s=time.monotonic,
    )
    return Sender(topic, outbox, settled, said)


def make_topic(broker: LocalKafka, name: str, record_bytes: int = 1_100_000) -> None:
    admin = AdminClient(administering({"bootstrap.servers": broker.bootstrap}))
    new = NewTopic(name, PARTITIONS, config={"max.message.bytes": str(record_bytes)})
    for future in admin.create_topics([new]).values():
        future.result()


def arrivals(broker: LocalKafka, topic: str) -> list[list[int]]:
    """Numbers of the letters on each partition, in the order in which each first arrived."""
    kafka = {"bootstrap.servers": broker.bootstrap}
    consumer = Consumer(consuming(kafka, group_id="arrivals"))
    found = []
    for partition in range(PARTITIONS):
        consumer.assign([TopicPartition(topic, partition, 0)])
        numbers: list[int] = []
        while (message := consumer.poll(30)) is not None and not message.error():
            numbers.append(int((message.value() or b"")[:8]))
        found.append(list(dict.fromkeys(numbers)))
    consumer.close()
    return found


def test_what_is_too_large_is_given_up_and_all_else_arrives_in_order(broker: LocalKafka) -> None:
    make_topic(broker, "large", 100_000)
    sending = sender(broker, "large")
    sending.post(300)
    sending.post(1, value_bytes=200_000)
    sending.post(300)
    sending.post(1, value_bytes=6_000_000)
    sending.post(300)
    sending.until(lambda: sending.outbox.empty)
    refused = {number for number, reason in sending.settled.items() if reason}
    assert refused == {300, 601}
    expected = [n for n in range(sending.posted) if n not in refused]
    assert arrivals(broker, "large") == [
        [n for n in expected if n % PARTITIONS == p] for p in range(PARTITIONS)
    ]


def test_a_topic_that_is_made_later_gets_everything(broker: LocalKafka) -> None:
    kafka = {"bootstrap.servers": broker.bootstrap}
    with pytest.raises(UnknownTopicError, match="sidetap topics --apply"):
        look(kafka, "later", 5)
    sending = sender(broker, "later")
    sending.post(30)
    sending.until(lambda: bool(sending.said))
    make_topic(broker, "later")
    sending.until(lambda: sending.outbox.empty)
    assert sorted(n for p in arrivals(broker, "later") for n in p) == list(range(30))
    destination = look(kafka, "later", 5)
    assert destination is not None
    assert destination.partitions == PARTITIONS


def test_a_broker_that_dies_and_comes_back_gets_everything_in_order(broker: LocalKafka) -> None:
    make_topic(broker, "outage")
    sending = sender(broker, "outage")
    sending.post(3_000)
    broker.kill_node(1)
    sending.post(3_000)
    sending.until(lambda: bool(sending.said))
    assert "cannot be reached" in sending.said[0]
    broker.start_node(1)
    sending.until(lambda: sending.outbox.empty)
    assert sending.said[-1] == "Kafka takes records again"
    assert set(sending.settled.values()) == {None}
    expected = [list(range(p, 6_000, PARTITIONS)) for p in range(PARTITIONS)]
    assert arrivals(broker, "outage") == expected
