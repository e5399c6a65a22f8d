"""The worker inside a test's own process, on a real broker: what its neighbours see of it."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from confluent_kafka import TopicPartition

from schemas.codec import decode_as
from schemas.types import DeadLetter
from services.runtime import topics_admin
from services.runtime.clients import Run
from services.runtime.health import Health
from services.runtime.metrics import Metrics
from services.runtime.transaction import AbortedError, MisfitError, Transactions, WorkerError
from services.runtime.worker import Settings, Worker
from tests.broker.toy import service
from tests.broker.toy_world import PARTITIONS, SESSION_MS, ToyWorld, wait_for

FAST = Settings(batch_interval_ms=20, session_timeout_ms=SESSION_MS, transaction_timeout_ms=3_000)


@contextmanager
def running(world: ToyWorld, run: Run | None = None) -> Iterator[Worker]:
    """A worker in a thread; what ends it is raised here."""
    health = Health(Metrics(world.name, 0))
    worker = Worker(service(world.name), FAST, world.kafka, health, run=run)
    failed: list[BaseException] = []

    def work() -> None:
        try:
            worker.work()
        except BaseException as error:
            failed.append(error)

    thread = threading.Thread(target=work, name=world.name)
    thread.start()
    try:
        yield worker
    finally:
        worker.stopping = True
        thread.join(60)
    if failed:
        raise failed[0]


def test_a_transaction_that_kafka_takes_back_is_done_again(
    world: ToyWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also when it had been sent whole, and the cores had gone on."""
    commit = Transactions.commit
    calls: list[int] = []

    def refused(self: Transactions, offsets: list[TopicPartition], group: object) -> None:
        calls.append(1)
        if len(calls) % 3 == 2:
            raise AbortedError("as if the group had moved on")
        commit(self, offsets, group)

    monkeypatch.setattr(Transactions, "commit", refused)
    with running(world) as worker:
        for _ in range(8):
            world.send(100)
            wait_for("the batch", world.drained)
        text = worker.health.metrics.text().decode()
    assert 'sidetap_batches_aborted_total{service="' + world.name in text
    assert len(calls) > 8
    world.assert_exact()


def test_what_cannot_be_read_is_kept_with_its_place(world: ToyWorld) -> None:
    world.send(50)
    for partition in range(3):
        world.raw(b"bad", partition)
    world.send(50)
    with running(world):
        wait_for("everything", world.drained)
        wait_for("the letters", lambda: len(letters(world)) == 3)
    world.assert_exact()
    first = letters(world)[0]
    assert (first.service, first.topic) == (world.name, f"{world.name}-in")
    assert (first.value, first.reason) == (b"bad", "it is bad")


def letters(world: ToyWorld) -> list[DeadLetter]:
    found = [
        decode_as(DeadLetter, value or b"")
        for rs in world.read("dead-letters").values()
        for _, value in rs
    ]
    return [letter for letter in found if letter.service == world.name]


def test_a_partition_of_rubbish_waits_for_a_person_and_the_others_go_on(world: ToyWorld) -> None:
    for _ in range(101):
        world.raw(b"bad", partition=1)
    with running(world) as worker:
        wait_for("the pause", lambda: "--resume" in worker.health.waiting_for)
        assert worker.health.answer("/ready")[0] == 503
        world.raw(b"7", partition=1, key=b"later")
        world.raw(b"7", partition=2, key=b"other")
        wait_for("the other partition", lambda: world.drained(1))
    with running(world) as worker:
        # The pause outlives the worker.
        wait_for("the pause again", lambda: "--resume" in worker.health.waiting_for)
        assert {key for key, _ in world.outputs()} == {b"other"}
        waiting = topics_admin.paused(world.kafka)
        assert [(p.group, p.topic, p.partition) for p in waiting if p.group == world.name] == [
            (world.name, f"{world.name}-in", 1)
        ]
        topics_admin.resume(world.kafka, waiting, by="test", at_us=1)
        wait_for("the rest", lambda: world.drained(2))
        wait_for("ready", lambda: worker.health.answer("/ready")[0] == 200)
    assert [p for p in topics_admin.paused(world.kafka) if p.group == world.name] == []


def test_policy_is_learned_in_mid_run_and_known_from_the_first_record(world: ToyWorld) -> None:
    world.policy(bonus=10)
    try:
        world.raw(b"1", key=b"a")
        with running(world):
            wait_for("the first", lambda: world.drained(1))
            assert world.outputs() == [(b"a", b"1 11")]
            world.policy(bonus=1000)
            wait_for("the new policy at work", lambda: send_and_see(world))
        with running(world):
            world.raw(b"1", key=b"b")
            wait_for("it is still known", lambda: (b"b", b"1 1001") in world.outputs())
    finally:
        world.policy(bonus=0)


def send_and_see(world: ToyWorld) -> bool:
    world.raw(b"1", key=b"a")
    return any(int((value or b"").split()[1]) > 1000 for _, value in world.outputs())


def test_a_record_for_every_partition_reaches_every_partition(world: ToyWorld) -> None:
    world.raw(b"mark")
    with running(world):
        marks = f"{world.name}-out-marks"
        wait_for("the marks", lambda: len(world.read(marks)) == PARTITIONS)
    assert {len(records) for records in world.read(marks).values()} == {1}


def test_two_inputs_share_a_changelog_without_meeting(world: ToyWorld) -> None:
    world.send(100)
    with running(world):
        wait_for("everything", world.drained)
        world.raw(b"5", key=b"k1", topic="side")
        wait_for("the other input", lambda: (b"k1", b"1 5") in world.outputs())
    with running(world):
        world.raw(b"5", key=b"k1", topic="side")
        wait_for("its own state", lambda: (b"k1", b"2 10") in world.outputs())


def test_a_forgotten_row_stays_forgotten(world: ToyWorld) -> None:
    world.raw(b"1", key=b"a")
    world.raw(b"forget", key=b"a")
    with running(world):
        wait_for("the first", lambda: world.drained(1))
    world.raw(b"1", key=b"a")
    with running(world):
        wait_for("the second", lambda: world.drained(2))
    assert world.outputs() == [(b"a", b"1 1"), (b"a", b"1 1")]


def test_a_replay_reads_a_range_and_touches_nothing_of_the_deployment(world: ToyWorld) -> None:
    for _ in range(5):
        world.raw(b"1", key=b"a")
    name, run = world.name, f"run.again.{world.name}"
    world.create(
        *(f"{run}-{part}" for part in ("side", "out", "out-alarms")), f"run.again.state.{name}"
    )
    replay = Run("again", frozenset({f"{name}-in"}), {(f"{name}-in", 0): 3})
    with running(world, replay) as worker:
        wait_for("the range", lambda: len(world.outputs("run.again.")) == 3)
        wait_for("its end", lambda: worker.parts[f"{name}-in", 0].next_offset == 3)
    with running(world, replay) as worker:
        wait_for("ready", lambda: worker.health.answer("/ready")[0] == 200)
    assert len(world.outputs("run.again.")) == 3
    assert world.outputs() == []
    dropped = topics_admin.drop_run(world.kafka, "again")
    assert f"{run}-out" in dropped
    assert run in dropped


def test_what_retention_took_before_it_was_read_is_counted(world: ToyWorld) -> None:
    world.raw(b"1", key=b"a")
    with running(world):
        wait_for("the first", lambda: world.drained(1))
    for _ in range(5):
        world.raw(b"1", key=b"a")
    world.delete_before(4)
    with running(world) as worker:
        wait_for("what is left", lambda: world.drained(3))
        text = worker.health.metrics.text().decode()
    told = [line for line in text.splitlines() if line.startswith("sidetap_records_expired_total{")]
    assert [line.split()[-1] for line in told] == ["3.0"]
    assert world.outputs() == [(b"a", b"1 1"), (b"a", b"2 2"), (b"a", b"3 3")]


def test_what_retention_takes_in_mid_run_ends_the_worker(world: ToyWorld) -> None:
    """The worker is put back to where a slow one would be."""
    for _ in range(5):
        world.raw(b"1", key=b"a")

    def left_behind() -> None:
        with running(world) as worker:
            wait_for("what is there", lambda: world.drained(5))
            world.delete_before(4)
            worker._consumer.seek(TopicPartition(f"{world.name}-in", 0, 1))
            threads = threading.enumerate
            wait_for("its end", lambda: all(thread.name != world.name for thread in threads()))

    with pytest.raises(WorkerError, match="out of range"):
        left_behind()


def test_a_missing_topic_is_one_sentence(world: ToyWorld) -> None:
    world.name = "nowhere"
    with (
        pytest.raises(MisfitError, match=r"nowhere.* is not on the broker.*topics --apply"),
        running(world),
    ):
        pass


def test_what_prometheus_sees(world: ToyWorld) -> None:
    world.send(100)
    with running(world) as worker:
        wait_for("everything", world.drained)

        def caught_up() -> bool:
            text = worker.health.metrics.text().decode()
            lags = [line for line in text.splitlines() if line.startswith("sidetap_lag_records{")]
            return len(lags) == 2 * PARTITIONS and all(line.endswith(" 0.0") for line in lags)

        wait_for("no lag", caught_up)
        text = worker.health.metrics.text().decode()
    assert (
        f'sidetap_records_in_total{{service="{world.name}",slot="0",topic="{world.name}-in"}} 100.0'
        in text
    )
    assert worker.health.answer("/live")[0] == 200
