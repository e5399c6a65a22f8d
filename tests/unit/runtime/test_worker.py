"""What a worker does between Kafka and its cores, seen without a broker."""

import random
from collections.abc import Callable

import pytest

from services.runtime import pauses, worker
from services.runtime.core import Changes, Core, Event, Rejected, Service
from services.runtime.health import Health
from services.runtime.metrics import Metrics
from services.runtime.partitions import Part
from services.runtime.pauses import REJECTED_MAX
from services.runtime.whole import Place
from services.runtime.worker import Settings, Worker
from tests.broker.toy import Counting
from tests.simulation.memory_kafka import MemoryConsumer, MemoryKafka, MemoryTransactions

PLACE = ("in", 0)
Make = Callable[[Core], Worker]


class Rejecting(Counting):
    """Nothing it learns can be read, and nothing it is fed."""

    def __init__(self) -> None:
        super().__init__("in", "out")

    def learn(self, event: Event) -> None:
        self.changes.rejected.append(Rejected(event, "it is bad"))

    def take(self) -> Changes:
        taken, self.changes = self.changes, Changes()
        return taken


@pytest.fixture
def probes(monkeypatch: pytest.MonkeyPatch) -> list[list[Place]]:
    """What was asked of the broker's ends."""
    asked: list[list[Place]] = []

    def ends(_: object, places: list[Place]) -> dict[Place, tuple[int, int]]:
        asked.append(places)
        return dict.fromkeys(places, (7, 17))

    monkeypatch.setattr(worker, "ends", ends)
    monkeypatch.setattr(pauses, "ends", ends)
    return asked


@pytest.fixture
def make(monkeypatch: pytest.MonkeyPatch, probes: list[list[Place]]) -> Make:
    """A worker that owns one partition, with this core."""
    kafka = MemoryKafka(random.Random(0), 1)
    monkeypatch.setattr(worker, "Consumer", lambda config: MemoryConsumer(kafka, config))
    monkeypatch.setattr(
        worker, "Transactions", lambda _, run, name, __: MemoryTransactions(kafka, run, name)
    )

    def made(core: Core) -> Worker:
        service = Service(name="toy", inputs={"in": lambda _: core})
        found = Worker(service, Settings(), {}, Health(Metrics("toy", 0)))
        found.parts[PLACE] = Part(*PLACE, core, 0)
        return found

    return made


def bad(topic: str, count: int = REJECTED_MAX + 1) -> list[Event]:
    return [Event(topic, 0, offset, None, b"bad") for offset in range(count)]


def test_policy_that_cannot_be_read_pauses_no_input(make: Make) -> None:
    core = Rejecting()
    working = make(core)
    for event in bad("policy"):
        core.learn(event)
    working._changes(working.parts[PLACE], ())
    assert PLACE not in working._pauses
    working._changes(working.parts[PLACE], bad("in"))
    assert PLACE in working._pauses


def test_what_is_rejected_is_counted_where_it_stands(make: Make) -> None:
    core = Rejecting()
    working = make(core)
    core.learn(bad("policy", 1)[0])
    working._load.committed(core.take())
    text = working.health.metrics.text().decode()
    assert 'sidetap_rejected_total{partition="0",service="toy",slot="0",topic="policy"} 1.0' in text


def test_a_partition_that_went_away_is_not_waited_for(make: Make) -> None:
    working = make(Rejecting())
    working._pauses.pause(PLACE)
    working._revoked(working._consumer, [])
    assert len(working._pauses) == 0


def test_the_broker_is_asked_once_where_partitions_begin(
    make: Make, probes: list[list[Place]]
) -> None:
    places = [("in", partition) for partition in range(4)]
    assert make(Rejecting())._committed_offsets(places) == dict.fromkeys(places, 7)
    assert probes == [places]
