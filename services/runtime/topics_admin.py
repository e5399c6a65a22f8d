"""The broker's topics against schemas/topics.toml: what differs, and making it so.

Returns values; the command line prints them.
"""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

from confluent_kafka import ConsumerGroupTopicPartitions, KafkaError, KafkaException, Producer
from confluent_kafka.admin import (
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewPartitions,
    NewTopic,
    ResourceType,
)

from schemas.codec import encode
from schemas.topics import Topic, topics
from schemas.types import PolicyEntry
from services.runtime.clients import administering, producing
from services.runtime.pauses import MARK, POLICY, resume_id

ANSWER_S_MAX = 30
# The default session of a worker (services/runtime/worker.py) and some more.
SESSION_S_MAX = 15
COPIES_MAX = 3
"""Replication where the cluster has so many brokers: one may die while another is served."""


class TopicsError(RuntimeError):
    """Why the broker cannot be asked or changed, in one sentence."""


@dataclass(frozen=True, slots=True)
class Difference:
    """How one topic differs from the table.

    `refused` says why `apply` leaves a difference alone and what a person can do.
    """

    topic: str
    missing: bool = False
    partitions: tuple[int, int] | None = None
    """On the broker, wanted."""
    settings: Mapping[str, tuple[str | None, str]] = field(default_factory=dict)
    """On the broker, wanted; by name."""
    refused: str = ""


@dataclass(frozen=True, slots=True)
class Paused:
    """A partition that waits for a person, and the group that paused it."""

    group: str
    topic: str
    partition: int
    offset: int


def compare(kafka: Mapping[str, str], wanted: Sequence[Topic] | None = None) -> list[Difference]:
    """Each topic that is not as the table says. Raises TopicsError."""
    admin = AdminClient(administering(kafka))
    table = list(topics().values()) if wanted is None else wanted
    try:
        present = admin.list_topics(timeout=ANSWER_S_MAX).topics
        there = [topic for topic in table if topic.name in present]
        asked = [ConfigResource(ResourceType.TOPIC, topic.name) for topic in there]
        answers = (
            {r.name: _value(f) for r, f in admin.describe_configs(asked).items()} if asked else {}
        )
    except KafkaException as caught:
        raise TopicsError(f"Kafka does not answer: {caught.args[0].str()}") from caught
    found = [Difference(topic.name, missing=True) for topic in table if topic.name not in present]
    for topic in there:
        count = len(present[topic.name].partitions)
        settings = _settings_apart(topic, answers[topic.name])
        if count != topic.partitions or settings:
            partitions = (count, topic.partitions) if count != topic.partitions else None
            refused = _refusal(topic, count) if partitions else ""
            found.append(Difference(topic.name, False, partitions, settings, refused))
    return found


def _settings_apart(
    topic: Topic, present: Mapping[str, ConfigEntry]
) -> dict[str, tuple[str | None, str]]:
    apart = {}
    for name, value in topic.settings().items():
        entry = present.get(name)
        if entry is None or entry.value != value:
            apart[name] = (entry.value if entry else None, value)
    return apart


def _refusal(topic: Topic, count: int) -> str:
    """Empty where the count may be raised."""
    if topic.partitions < count:
        return f"{topic.name}: Kafka cannot take partitions away from a topic ({count} there)"
    if topic.key == "none":
        return ""
    return (
        f"{topic.name} has {count} partitions and its records are placed by key, so the count"
        f" cannot become {topic.partitions}: stop its writers ({', '.join(topic.writers)}), wait"
        f" until `sidetap status` shows no lag, delete {topic.name} and the state topics of its"
        f" readers ({', '.join(topic.readers)}), then run `sidetap topics --apply` and start again"
    )


def apply(
    kafka: Mapping[str, str], differences: Iterable[Difference], prefix: str = ""
) -> list[str]:
    """Create and alter; one line for each thing done. `prefix`: create as topics of a run.

    What is refused is left alone. Raises TopicsError.
    """
    admin = AdminClient(administering(kafka))
    table, differences = topics(), list(differences)
    try:
        missing = [table[each.topic] for each in differences if each.missing]
        there = [each for each in differences if not each.missing]
        done = _create(admin, missing, prefix)
        for difference in there:
            topic = table[difference.topic]
            if difference.settings:
                _wait(admin.incremental_alter_configs([_altered(difference)]))
                done.append(f"changed {', '.join(sorted(difference.settings))} of {topic.name}")
            if difference.partitions and not difference.refused:
                _wait(admin.create_partitions([NewPartitions(topic.name, topic.partitions)]))
                done.append(f"raised {topic.name} to {topic.partitions} partitions")
        if len(done) > len(missing):
            _until(lambda: all(map(_only_refused, compare(kafka, [table[d.topic] for d in there]))))
    except KafkaException as caught:
        raise TopicsError(f"Kafka refused: {caught.args[0].str()}") from caught
    return done


def _create(admin: AdminClient, missing: Sequence[Topic], prefix: str) -> list[str]:
    """All at once."""
    if not missing:
        return []
    brokers = len(admin.list_topics(timeout=ANSWER_S_MAX).brokers)
    _wait(admin.create_topics([_new(topic, brokers, prefix) for topic in missing]))
    names = {prefix + topic.name for topic in missing}
    _until(lambda: names <= admin.list_topics(timeout=ANSWER_S_MAX).topics.keys())
    return [f"created {prefix}{topic.name}" for topic in missing]


def _until(seen: Callable[[], bool]) -> None:
    """The broker that is asked hears of a change a moment after the one that made it."""
    deadline_s = time.monotonic() + ANSWER_S_MAX
    while not seen():
        if time.monotonic() > deadline_s:
            raise TopicsError("Kafka made a change but does not show it")
        time.sleep(0.05)


def _only_refused(left: Difference) -> bool:
    return not left.settings and bool(left.refused)


def _new(topic: Topic, brokers: int, prefix: str) -> NewTopic:
    copies = min(COPIES_MAX, brokers)
    # With three copies, two must have a record before it counts: one broker may be lost.
    settings = {**topic.settings(), "min.insync.replicas": str(max(1, copies - 1))}
    return NewTopic(
        prefix + topic.name,
        num_partitions=topic.partitions,
        replication_factor=copies,
        config=settings,
    )


def _altered(difference: Difference) -> ConfigResource:
    entries = [
        ConfigEntry(name, wanted, incremental_operation=AlterConfigOpType.SET)
        for name, (_, wanted) in difference.settings.items()
    ]
    return ConfigResource(ResourceType.TOPIC, difference.topic, incremental_configs=entries)


def paused(kafka: Mapping[str, str]) -> list[Paused]:
    """Partitions that wait for a person, of every group. Raises TopicsError."""
    admin = AdminClient(administering(kafka))
    found = []
    try:
        for group in admin.list_consumer_groups(request_timeout=ANSWER_S_MAX).result().valid:
            asked = [ConsumerGroupTopicPartitions(group.group_id)]
            (answer,) = admin.list_consumer_group_offsets(asked).values()
            for tp in answer.result().topic_partitions:
                if (tp.metadata or "").startswith(MARK):
                    found.append(Paused(group.group_id, tp.topic, tp.partition, tp.offset))
    except KafkaException as caught:
        raise TopicsError(f"Kafka does not answer: {caught.args[0].str()}") from caught
    return found


def resume(kafka: Mapping[str, str], waiting: Iterable[Paused], by: str, at_us: int) -> None:
    """Have the workers go on: an entry on `policy` each. Raises TopicsError.

    `at_us` is the wall clock of who says so.
    """
    producer, refused = Producer(producing(kafka)), list[KafkaError]()
    for each in waiting:
        entry = PolicyEntry(
            id=resume_id(each.group, each.topic, each.partition),
            kind="resume",
            site="", host="", path="", where="", body="{}",
            by=by,
            at_us=at_us,
            removed=False,
        )  # fmt: skip
        producer.produce(
            POLICY[0],
            encode(entry),
            entry.id.encode(),
            on_delivery=lambda error, _: refused.append(error) if error else None,
        )
    if producer.flush(ANSWER_S_MAX):
        raise TopicsError("Kafka took no policy entry: is the topic there?")
    if refused:
        raise TopicsError(f"Kafka refused a policy entry: {refused[0].str()}")


def drop_run(kafka: Mapping[str, str], name: str) -> list[str]:
    """Delete every topic and group of a run; their names. Raises TopicsError."""
    admin = AdminClient(administering(kafka))
    prefix = f"run.{name}."
    try:
        groups = admin.list_consumer_groups(request_timeout=ANSWER_S_MAX).result().valid
        mine = [g.group_id for g in groups if g.group_id.startswith(prefix)]
        named = [t for t in admin.list_topics(timeout=ANSWER_S_MAX).topics if t.startswith(prefix)]
        for group in mine:
            _delete_group(admin, group)
        if named:
            _wait(admin.delete_topics(named))
    except KafkaException as caught:
        raise TopicsError(f"Kafka refused: {caught.args[0].str()}") from caught
    return sorted([*mine, *named])


def _delete_group(admin: AdminClient, group: str) -> None:
    """Members with a stable name do not leave when they end: the broker waits for their session."""
    deadline_s = time.monotonic() + SESSION_S_MAX
    while True:
        try:
            return _wait(admin.delete_consumer_groups([group]))
        except KafkaException as caught:
            if caught.args[0].code() != KafkaError.NON_EMPTY_GROUP:
                raise
            if time.monotonic() > deadline_s:
                raise TopicsError(f"{group} still has workers: stop them first") from caught
            time.sleep(0.5)


def _wait(answers: Mapping[Any, Future[Any]]) -> None:
    for answer in answers.values():
        _value(answer)


def _value(answer: Future[Any]) -> Any:
    return answer.result(ANSWER_S_MAX)
