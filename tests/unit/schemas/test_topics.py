"""topics.toml against the schemas, the services' folders and itself."""

import dataclasses
from pathlib import Path

import pytest

from schemas import registry
from schemas.topics import Topic, topics

ROOT = Path(__file__).parents[3]
SERVICES = {path.name for path in (ROOT / "services").iterdir() if path.is_dir()}

every_topic = pytest.mark.parametrize("topic", topics().values(), ids=lambda topic: topic.name)


def test_the_table_is_not_empty() -> None:
    assert len(topics()) > 15


@every_topic
def test_values_have_the_type_that_the_class_says(topic: Topic) -> None:
    for field in dataclasses.fields(Topic):
        value = getattr(topic, field.name)
        if isinstance(value, tuple):
            assert all(isinstance(item, str) for item in value), field.name
        else:
            assert type(value) is field.type, field.name


@every_topic
def test_schemas_of_a_topic_exist(topic: Topic) -> None:
    assert set(topic.schema) <= registry.current().keys()


@every_topic
def test_writers_and_readers_are_services_or_people(topic: Topic) -> None:
    assert topic.writers
    assert topic.readers
    assert {*topic.writers, *topic.readers} <= {*SERVICES, "people"}


@every_topic
def test_settings_are_sane(topic: Topic) -> None:
    assert topic.cleanup in {"delete", "compact"}
    assert topic.partitions >= 1
    assert topic.record_bytes > 0
    assert topic.doc.endswith(".")
    settings = topic.settings()
    assert settings["message.timestamp.type"] == "LogAppendTime"
    assert int(settings["max.message.bytes"]) > topic.record_bytes


@every_topic
def test_raw_traffic_is_not_kept_for_ever(topic: Topic) -> None:
    # State is bounded by its rows' expiry, not by the broker: tombstones take rows away.
    if topic.sensitive and not topic.name.startswith("state."):
        assert 0 < topic.retention_h <= 168


def test_every_schema_travels_on_a_topic_or_is_state() -> None:
    on_topics = {name for topic in topics().values() for name in topic.schema}
    folder = Path(registry.__file__).parent
    state = {registry.read_schema(path).name for path in folder.glob("state/*.avsc")}
    assert on_topics | state == registry.current().keys()
    assert not on_topics & state


def test_state_has_as_many_partitions_as_its_widest_input() -> None:
    for name, state in topics().items():
        if name.startswith("state."):
            service = name.removeprefix("state.")
            read = [t.partitions for t in topics().values() if service in t.readers]
            assert state.partitions == max(read), name


def test_dead_letters_hold_the_largest_record() -> None:
    largest = max(t.record_bytes for t in topics().values() if t.name != "dead-letters")
    assert topics()["dead-letters"].record_bytes > largest


def test_an_unknown_key_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import schemas.topics as module

    table = tmp_path / "topics.toml"
    table.write_text(module.TABLE.read_text().replace("readers =", "raeders =", 1))
    monkeypatch.setattr(module, "TABLE", table)
    with pytest.raises(ValueError, match="raeders, readers"):
        topics.__wrapped__()
