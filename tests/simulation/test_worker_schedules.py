"""Seeded schedules of crashes, aborts, zombies and rebalances over the worker's own code.

SEED=77 pytest tests/simulation replays one; a failure prints its seed.
"""

import itertools
import os
import random
from collections import Counter, defaultdict
from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from services.runtime import faults, partitions, worker
from services.runtime.health import Health
from services.runtime.metrics import Metrics
from services.runtime.worker import Settings, Worker
from tests.broker.toy import service
from tests.simulation.memory_kafka import MemoryConsumer, MemoryKafka, MemoryTransactions

SEEDS = [int(os.environ["SEED"])] if "SEED" in os.environ else range(30)
NUMBERS, KEYS, PARTITIONS = 150, 7, 3
TURNS_MAX = 4_000
FAULTS = {"before_produce": 0.03, "in_transaction": 0.03, "after_commit": 0.03, "in_restore": 0.004}


class CrashError(BaseException):
    """kill −9: nothing of ours runs after it."""


class World:
    """A toy service on a Kafka in memory, and everything that can happen to it."""

    def __init__(self, seed: int, patch: pytest.MonkeyPatch) -> None:
        self.dice = random.Random(seed)
        self.kafka = MemoryKafka(self.dice, PARTITIONS, abort_share=0.05, rebalance_share=0.05)
        self.workers: dict[int, Worker] = {}
        self.happened: Counter[str] = Counter()
        self.sent: dict[bytes, list[int]] = defaultdict(list)
        self.wild, self.nested = True, 0
        self.kafka.between = self._between
        # At each look it is 10 ms later: a batch is several polls, with rebalances between them.
        clock = itertools.count(0, 0.01)
        patch.setattr(worker, "time", SimpleNamespace(monotonic=lambda: next(clock)))
        patch.setattr(worker, "Consumer", lambda config: MemoryConsumer(self.kafka, config))
        patch.setattr(
            worker,
            "Transactions",
            lambda _, run, name, __: MemoryTransactions(self.kafka, run, name),
        )
        patch.setattr(worker, "ends", self.kafka.ends)
        patch.setattr(partitions, "read_whole", self.kafka.read_whole)
        patch.setattr(faults, "point", self._point)

    def _point(self, name: str) -> None:
        if self.wild and self.dice.random() < FAULTS[name]:
            self.happened[name] += 1
            raise CrashError(name)

    def _between(self) -> None:
        """A worker hangs in its commit while the others go on, and perhaps loses its place."""
        if self.nested or not self.wild or self.dice.random() > 0.1:
            return
        self.nested += 1
        if len(self.kafka.members) > 1:
            self.kafka.leave(self.dice.choice(sorted(self.kafka.members)))
            self.happened["session lost"] += 1
        for _ in range(4):
            self.turn()
        self.nested -= 1

    def send(self) -> None:
        """One number, to the partition of its key."""
        key, number = b"k%d" % self.dice.randrange(KEYS), self.dice.randrange(100)
        self.sent[key].append(number)
        self.kafka.logs["toy-in", sum(key) % PARTITIONS].append((key, b"%d" % number))

    def turn(self) -> None:
        """One step of one worker, which may be its last."""
        slot = self.dice.randrange(3 if self.wild else 1)
        if self.nested and self.workers.get(slot) is self.running:
            return
        before, self.running = self.running, self.workers.get(slot)
        try:
            self.running = self.running or self._started(slot)
            self.running._step()
        except CrashError:
            self.workers.pop(slot, None)
        finally:
            self.running = before

    running: Worker | None = None

    def _started(self, slot: int) -> Worker:
        health = Health(Metrics("toy", slot))
        settings = Settings(batch_records_max=self.dice.randint(1, 40))
        made = Worker(service("toy"), settings, {}, health, slot=slot)
        self.workers[slot] = made
        made._transactions.begin_life()
        callbacks = {"on_assign": made._assigned, "on_revoke": made._revoked}
        made._consumer.subscribe(list(made._inputs), **callbacks, on_lost=made._revoked)
        return made

    def run(self) -> None:
        """Wild until everything was sent and some time more, then one calm worker to the end."""
        for turn in range(TURNS_MAX):
            if turn < NUMBERS:
                self.send()
            self.turn()
            if turn > NUMBERS and self.dice.random() < 0.02:
                break
        self.wild, self.kafka.abort_share, self.kafka.rebalance_share = False, 0.0, 0.0
        self.workers.clear()
        for name in sorted(self.kafka.members):
            if name != "toy-0":
                self.kafka.leave(name)
        for _ in range(200):
            self.turn()

    def check(self) -> None:
        """Sums in order and state as one calm worker would leave them."""
        sums: dict[bytes, list[bytes]] = defaultdict(list)
        for key, value in self.log("toy-out"):
            sums[key].append(value)
        assert sums == {
            key: [b"%d %d" % (i + 1, sum(ns[: i + 1])) for i in range(len(ns))]
            for key, ns in self.sent.items()
        }
        rows = {k: v for k, v in self.log("state.toy") if k.startswith(b"toy-in\0")}
        assert rows == {
            b"toy-in\0sum/" + key: b"%d %d" % (len(ns), sum(ns)) for key, ns in self.sent.items()
        }
        alarms = [value.split()[:2] for _, value in self.log("toy-out-alarms")]
        wanted = [
            [key, b"%d" % n] for key, ns in self.sent.items() for n in range(3, len(ns) + 1, 3)
        ]
        assert sorted(alarms) == sorted(wanted)

    def log(self, topic: str) -> Iterator[tuple[bytes, bytes]]:
        for partition in range(PARTITIONS):
            for key, value in self.kafka.logs[topic, partition]:
                yield key or b"", value or b""


@pytest.mark.parametrize("seed", SEEDS)
def test_whatever_happens_the_result_is_that_of_a_calm_run(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World(seed, monkeypatch)
    world.run()
    world.check()


def test_a_design_that_tears_offsets_from_outputs_is_found_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The schedules would find it if outputs and offsets were not one transaction."""
    wrong = 0
    for seed in range(20):
        with monkeypatch.context() as patch:
            world = World(seed, patch)
            world.kafka.torn = True
            world.run()
            try:
                world.check()
            except AssertionError:
                wrong += 1
    assert wrong > 10


def test_the_schedules_reach_every_kind_of_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    happened: Counter[str] = Counter()
    for seed in range(100, 115):
        with monkeypatch.context() as patch:
            world = World(seed, patch)
            world.run()
            happened.update(world.happened)
    assert set(happened) == {*FAULTS, "session lost"}
