"""kill −9 at the worst places, on a real broker: nothing lost, nothing twice, state right."""

import random
import signal
import subprocess
from pathlib import Path

import pytest

from services.runtime.faults import POINTS
from tests.broker.toy_world import ToyWorld, wait_for

KILLS = 3
LOAD = 600


@pytest.mark.parametrize("point", POINTS)
def test_killed_workers_leave_what_a_calm_one_would(world: ToyWorld, point: str) -> None:
    dice = random.Random(f"{point} 7")
    world.send(LOAD)
    if point == "in_restore":
        calm = world.start()
        wait_for("rows to restore", lambda: bool(world.state()))
        calm.kill()
        calm.wait()
    hits = 0
    for _ in range(KILLS):
        world.send(LOAD)
        # Rows read before the kill; elsewhere batches.
        nth = dice.randint(1, 40 if point == "in_restore" else 3)
        worker = world.start(fault=f"{point}:{nth}:KILL")
        feed_until_it_ends(world, worker)
        hits += worker.returncode == -signal.SIGKILL
    assert hits == KILLS
    world.start()
    wait_for("everything", world.drained)
    world.stop()
    world.assert_exact()


def feed_until_it_ends(world: ToyWorld, worker: subprocess.Popen[bytes]) -> None:
    """Records go on coming, so that there is a batch to die in."""

    def ended() -> bool:
        world.send(20)
        return worker.poll() is not None

    wait_for("the worker's end", ended)


@pytest.mark.parametrize("point", ["before_produce", "in_transaction", "after_commit"])
def test_a_worker_stopped_past_its_session_does_no_harm(world: ToyWorld, point: str) -> None:
    """It wakes up with a batch in its hands that another worker has done long ago."""
    world.send(LOAD)
    zombie = world.start(slot=0, fault=f"{point}:2:STOP")
    wait_for("first results", lambda: bool(world.outputs()))
    world.send(LOAD)
    wait_for("the stop", lambda: stopped(zombie.pid))
    world.start(slot=1)
    world.send(LOAD)
    wait_for("the heir has everything", world.drained)
    zombie.send_signal(signal.SIGCONT)
    world.send(LOAD)
    wait_for("everything", world.drained)
    # It either ends, saying that it failed, or comes back as a member like any other.
    wait_for("its end or return", lambda: bool(zombie.poll()) or world.members() == 2)
    world.stop()
    world.assert_exact()


def stopped(pid: int) -> bool:
    """Whether a process stands still (state T of proc_pid_stat(5))."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"


def test_workers_come_and_go(world: ToyWorld) -> None:
    world.send(LOAD)
    world.start(slot=0)
    wait_for("first results", lambda: bool(world.outputs()))
    others = [world.start(slot=1), world.start(slot=2)]
    wait_for("three share the partitions", lambda: feeding(world) and world.members() == 3)
    for other in others:
        other.terminate()
        assert other.wait(30) == 0
    world.send(LOAD)
    wait_for("one has them all", lambda: feeding(world) and world.members() == 1)
    wait_for("everything", world.drained)
    world.stop()
    world.assert_exact()


def feeding(world: ToyWorld) -> bool:
    world.send(20)
    return True
