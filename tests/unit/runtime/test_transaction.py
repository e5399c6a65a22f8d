"""What the writing half makes of what the broker says of a topic."""

from types import SimpleNamespace

import pytest
from confluent_kafka import KafkaError

from services.runtime import transaction
from services.runtime.clients import Run
from services.runtime.transaction import MisfitError, Transactions, WorkerError


class Broker:
    """As confluent_kafka.Producer, on a broker with auto.create.topics.enable."""

    def __init__(self, error: int | None) -> None:
        self.topics = {"there": self.topic(None), "odd": self.topic(error)}

    def topic(self, code: int | None) -> SimpleNamespace:
        error = None if code is None else KafkaError(code)
        return SimpleNamespace(error=error, partitions={} if error else {0: None, 1: None})

    def list_topics(self, topic: str | None = None, timeout: float = -1) -> SimpleNamespace:
        if topic is not None:
            self.topics.setdefault(topic, self.topic(None))
        return SimpleNamespace(topics=self.topics)


def transactions(monkeypatch: pytest.MonkeyPatch, error: int | None = None) -> Transactions:
    monkeypatch.setattr(transaction, "Producer", lambda _: Broker(error))
    return Transactions({}, Run(), "a", 1_000)


def test_asking_for_a_topic_does_not_create_it(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = transactions(monkeypatch)
    assert asked.partitions("there") == 2
    with pytest.raises(MisfitError, match="new is not on the broker"):
        asked.partitions("new")


def test_a_topic_that_is_unknown_is_for_a_person(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(MisfitError, match="odd is not on the broker"):
        transactions(monkeypatch, KafkaError.UNKNOWN_TOPIC_OR_PART).partitions("odd")


@pytest.mark.parametrize(
    "code", [KafkaError.LEADER_NOT_AVAILABLE, KafkaError.TOPIC_AUTHORIZATION_FAILED]
)
def test_what_may_pass_is_for_a_new_start(monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    with pytest.raises(WorkerError, match="topic odd: ") as caught:
        transactions(monkeypatch, code).partitions("odd")
    assert not isinstance(caught.value, MisfitError)
