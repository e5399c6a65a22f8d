"""Topics against their table, on a real broker."""

from dataclasses import replace

import pytest

from schemas.topics import Topic, topics
from services.runtime import topics_admin
from services.runtime.kafka_local import LocalKafka
from services.runtime.topics_admin import Difference, TopicsError


@pytest.fixture
def table(monkeypatch: pytest.MonkeyPatch) -> dict[str, Topic]:
    """The real rows under names of this test's own, so that tests do not meet."""
    made = {
        f"table-{name}": replace(topic, name=f"table-{name}") for name, topic in topics().items()
    }
    monkeypatch.setattr(topics_admin, "topics", lambda: made)
    return made


def test_what_is_missing_is_created_and_then_nothing_differs(
    kafka: LocalKafka, table: dict[str, Topic]
) -> None:
    client = {"bootstrap.servers": kafka.bootstrap}
    found = topics_admin.compare(client)
    assert found == [Difference(name, missing=True) for name in table]
    assert topics_admin.apply(client, found) == [f"created {name}" for name in table]
    assert topics_admin.compare(client) == []

    packets, letters = table["table-packets"], table["table-dead-letters"]
    changed = replace(packets, retention_h=3, partitions=packets.partitions + 1)
    raised = replace(letters, partitions=letters.partitions + 1)
    table.update({changed.name: changed, raised.name: raised})
    kept, grown = topics_admin.compare(client)
    assert kept.settings == {"retention.ms": ("7200000", "10800000")}
    assert kept.partitions == (12, 13)
    assert "placed by key" in kept.refused
    assert "reassembly" in kept.refused
    assert grown.partitions == (6, 7)
    assert grown.refused == ""
    assert topics_admin.apply(client, [kept, grown]) == [
        "changed retention.ms of table-packets",
        "raised table-dead-letters to 7 partitions",
    ]
    (left,) = topics_admin.compare(client)
    assert (left.topic, left.settings, left.partitions) == ("table-packets", {}, (12, 13))


def test_without_a_broker_it_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(topics_admin, "ANSWER_S_MAX", 1)
    with pytest.raises(TopicsError, match="Kafka does not answer"):
        topics_admin.compare({"bootstrap.servers": "127.0.0.1:1"})
