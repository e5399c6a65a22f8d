"""What calm workers would have made of the same topics, compared field by field with what is there.

The order of `exchanges` is the truth for everything behind it, so each core is fed its input
partition as it stands on the broker, without Kafka in between and in one go.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from confluent_kafka import Message

from schemas.codec import decode_as, encode
from schemas.topics import topics
from schemas.types import Finding, LedgerEntry
from services.runtime.core import EVERY, Event, Output, Service
from services.runtime.run import make_service
from services.runtime.settings import Deployment
from services.runtime.whole import read_whole, where

Record = tuple[bytes | None, bytes | None]
CHUNK = 2_000
# What a partial sum's cut depends on is the clock; its totals stand in `endpoints`.
PARTIALS = {"sightings", "signals", "weaknesses"}
# What has a core tell what it added up: in the id of a sighting or signal that is no sum
# (services/discovery/observe.py, services/browsing/partials.py), in the name of what passes packet
# time on (detect/core.py).
PULSE = b"/pulse"
# Layers of the ledger that workers count; the agent's own entries are not made from a topic.
LAYERS = {"reassembly", "exchanges"}


@dataclass
class Made:
    """Everything of one service: what it wrote to each topic, and its live rows."""

    outputs: dict[str, Counter[Record]] = field(default_factory=dict)
    rows: dict[tuple[str, int, bytes], bytes] = field(default_factory=dict)

    def add(self, output: Output) -> None:
        """One record, as often as it was written."""
        copies = topics()[output.topic].partitions if output.partition == EVERY else 1
        found = self.outputs.setdefault(output.topic, Counter())
        found[output.key, comparable(output.topic, output.value)] += copies


def comparable(topic: str, value: bytes | None) -> bytes | None:
    """Without the one field that depends on when people spoke, which no packet decides."""
    if topic != "findings" or value is None:
        return value
    return encode(replace(decode_as(Finding, value), policy_offset=0))


def _of_an_agent(topic: str, value: bytes | None) -> bool:
    return topic == "ledger" and decode_as(LedgerEntry, value or b"").layer not in LAYERS


def log(kafka: Mapping[str, str], topic: str) -> dict[int, list[Event]]:
    """A topic as it stands on the broker, by partition."""
    found: dict[int, list[Event]] = {p: [] for p in range(topics()[topic].partitions)}

    def each(message: Message) -> None:
        _, partition, offset = where(message)
        event = Event(topic, partition, offset, message.key(), message.value(),
                      message.timestamp()[1] * 1000)  # fmt: skip
        found[partition].append(event)

    read_whole(kafka, [(topic, p) for p in found], each)
    return found


def calm(service: Service, inputs: Mapping[str, Mapping[int, list[Event]]]) -> Made:
    """What the service makes of its input topics."""
    made = Made()
    for topic, make in service.inputs.items():
        for partition, events in inputs[topic].items():
            core = make(partition)
            core.restore(())
            for first in range(0, len(events), CHUNK):
                core.feed(events[first : first + CHUNK])
                changes = core.take()
                for output in changes.outputs:
                    made.add(output)
                for row in changes.rows:
                    made.rows.pop((topic, partition, row.key), None)
                    if row.value is not None:
                        made.rows[topic, partition, row.key] = row.value
    return made


def live_rows(events: Mapping[int, list[Event]]) -> dict[tuple[str, int, bytes], bytes]:
    """A changelog as compaction would leave it, without the worker's own rows."""
    rows: dict[tuple[str, int, bytes], bytes] = {}
    for partition, records in events.items():
        for event in records:
            topic, _, key = (event.key or b"").partition(b"\0")
            if not topic:
                continue
            place = (topic.decode(), partition, key)
            rows.pop(place, None)
            if event.value is not None:
                rows[place] = event.value
    return rows


def compare(kafka: Mapping[str, str], names: Iterable[str]) -> tuple[dict[str, int], list[str]]:
    """Counts of what was compared, and every difference in one sentence."""
    read: dict[str, dict[int, list[Event]]] = {}

    def topic_log(topic: str) -> dict[int, list[Event]]:
        if topic not in read:
            read[topic] = log(kafka, topic)
        return read[topic]

    counts, wrong = Counter[str](), list[str]()
    wanted: dict[str, Counter[Record]] = {}
    for name in names:
        service = make_service(name, Deployment({}, {}))
        made = calm(service, {topic: topic_log(topic) for topic in service.inputs})
        for topic, records in made.outputs.items():
            wanted.setdefault(topic, Counter()).update(records)
        if service.state is not None:
            rows = live_rows(topic_log(service.state))
            counts[service.state] = len(rows)
            wrong += _apart(service.state, made.rows, rows)
        for topic in PARTIALS & service.inputs.keys() & made.outputs.keys():
            sums = totals(service, topic, made.outputs[topic].elements())
            there = [(e.key, e.value) for events in topic_log(topic).values() for e in events]
            counts[f"{topic}, added up"] = len(sums)
            wrong += _apart(f"{topic}, added up", sums, totals(service, topic, there))
    for topic, records in wanted.items():
        if topic not in PARTIALS:
            present = Counter(
                (event.key, comparable(topic, event.value))
                for events in topic_log(topic).values()
                for event in events
                if not _of_an_agent(topic, event.value)
            )
            counts[topic] = present.total()
            lost, more = (records - present).total(), (present - records).total()
            if lost or more:
                wrong.append(f"{topic}: {lost} lost or other, {more} twice or other")
    letters = sum(map(len, topic_log("dead-letters").values()))
    if letters:
        wrong.append(f"dead-letters: {letters}")
    return dict(counts), wrong


def totals(service: Service, topic: str, records: Iterable[Record]) -> dict[Record, Record]:
    """What partial sums add up to, as the core that adds them tells it in the end.

    All in one core, for which partition a sum went to is the broker's affair; what has it tell its
    inventory comes last, all in one order, for how the partitions were interleaved is too.
    """
    core = service.inputs[topic](0)
    core.restore(())
    in_order = sorted(records, key=lambda record: (PULSE in (record[1] or b""), record[1] or b""))
    events = [Event(topic, 0, i, key, value) for i, (key, value) in enumerate(in_order)]
    for first in range(0, len(events), CHUNK):
        core.feed(events[first : first + CHUNK])
    told: dict[Record, Record] = {}
    for output in core.take().outputs:
        value = comparable(output.topic, output.value)
        told[output.topic.encode(), output.key] = (output.key, value)
    return told


def _apart(name: str, wanted: Mapping[Any, Any], there: Mapping[Any, Any]) -> list[str]:
    apart = [
        place for place in wanted.keys() | there.keys() if wanted.get(place) != there.get(place)
    ]
    if not apart:
        return []
    first = min(apart, key=repr)
    return [f"{name}: {len(apart)} of {len(wanted)} differ, {first} for one"]
