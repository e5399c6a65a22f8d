"""Brokers that restart or die under load: nothing lost, nothing twice."""

import subprocess
from collections.abc import Iterator

import pytest

from services.runtime.kafka_local import LocalKafka
from tests.broker.toy_world import ToyWorld, wait_for

LOAD = 500


@pytest.fixture
def own_kafka(request: pytest.FixtureRequest) -> Iterator[LocalKafka]:
    """A cluster that a test may break."""
    local = LocalKafka(nodes=request.param)
    local.start()
    yield local
    local.stop()


class Supervised:
    """A worker that is started again when it ends, as a supervisor does."""

    def __init__(self, world: ToyWorld) -> None:
        self.world, self.starts = world, 0
        self.process: subprocess.Popen[bytes] | None = None

    def alive(self) -> bool:
        if self.process is None or self.process.poll() is not None:
            self.process, self.starts = self.world.start(), self.starts + 1
        return True


@pytest.mark.parametrize("own_kafka", [1], indirect=True)
def test_the_only_broker_dies_in_the_middle_and_comes_back(own_kafka: LocalKafka) -> None:
    world = ToyWorld(own_kafka.bootstrap, "alone", seed=1)
    worker = Supervised(world)
    try:
        world.send(LOAD)
        worker.alive()
        wait_for("first results", lambda: bool(world.outputs()))
        world.send(LOAD)
        own_kafka.kill_node(1)
        own_kafka.start_node(1)
        own_kafka.wait(1)
        world.send(LOAD)
        wait_for("everything", lambda: worker.alive() and world.drained(), 120)
    finally:
        world.stop()
    world.assert_exact()


@pytest.mark.parametrize("own_kafka", [3], indirect=True)
def test_one_of_three_brokers_dies_and_the_others_serve(own_kafka: LocalKafka) -> None:
    world = ToyWorld(own_kafka.bootstrap, "three", seed=2, copies=3)
    worker = Supervised(world)
    try:
        world.send(LOAD)
        worker.alive()
        wait_for("first results", lambda: bool(world.outputs()))
        own_kafka.kill_node(2)
        world.send(LOAD)
        wait_for("everything without it", lambda: worker.alive() and world.drained(), 120)
        own_kafka.start_node(2)
        own_kafka.wait(3)
        world.send(LOAD)
        wait_for("everything", lambda: worker.alive() and world.drained(), 120)
    finally:
        world.stop()
    world.assert_exact()
