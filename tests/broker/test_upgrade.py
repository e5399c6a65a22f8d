"""An upgrade on a real broker: a new release of a worker goes on from an older one's rows."""

import re
import threading
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Message, Producer
from confluent_kafka.admin import AdminClient, NewTopic

from schemas import registry
from services.runtime.clients import Run, administering, producing
from services.runtime.core import Event, Output, Row
from services.runtime.health import Health
from services.runtime.kafka_local import LocalKafka
from services.runtime.metrics import Metrics
from services.runtime.transaction import MisfitError
from services.runtime.whole import read_whole, where
from services.runtime.worker import Settings, Worker
from tests.broker.toy_world import SESSION_MS, wait_for
from tests.past_schemas import another_release, plain, rewritten
from tests.unit.runtime import contract
from tests.unit.runtime.recorded import made, traffic

PARTITIONS = 2
FAST = Settings(batch_interval_ms=20, session_timeout_ms=SESSION_MS, transaction_timeout_ms=3_000)
# Of each service a table that has rows in the middle of the traffic.
TABLES = {"detect": b"open", "browsing": b"walk"}


@dataclass(slots=True)
class Deployment:
    """Topics of its own on the session's broker: those of a run."""

    kafka: dict[str, str]
    run: Run
    service: str

    @property
    def state(self) -> str:
        return f"state.{self.service}"

    def create(self) -> None:
        admin = AdminClient(administering(self.kafka))
        present = admin.list_topics(timeout=10).topics
        service = made(self.service)
        wanted = {"exchanges", "findings", "advice", *service.inputs, *service.broadcasts}
        wanted.discard("policy")  # no run has its own
        names = [self.run.written(name) for name in sorted(wanted)]
        compact = {"cleanup.policy": "compact"}
        new = [*(NewTopic(name, PARTITIONS, 1) for name in names),
               NewTopic(self.run.written(self.state), PARTITIONS, 1, config=compact),
               NewTopic(self.run.written("dead-letters"), 1, 1)]  # fmt: skip
        if "policy" not in present:
            new.append(NewTopic("policy", 1, 1))
        for answer in admin.create_topics(new).values():
            answer.result(30)

    def send(self, topic: str, records: Iterable[Output]) -> None:
        producer = Producer(producing(self.kafka))
        for record in records:
            assert record.partition is not None
            name = self.run.written(topic)
            producer.produce(name, record.value, record.key, record.partition)
        assert producer.flush(30) == 0

    def replace_rows(self, rows: Iterable[tuple[int, Row]]) -> None:
        """Write these over what the changelog has, by partition."""
        self.send(self.state, (Output(self.state, row.key, row.value, at) for at, row in rows))

    def records(self, topic: str) -> list[Event]:
        """All that is committed, by partition and offset."""
        found: list[Event] = []
        name = self.run.read(topic)
        partitions = 1 if topic == "policy" else PARTITIONS

        def each(message: Message) -> None:
            _, partition, offset = where(message)
            at_us = message.timestamp()[1] * 1000
            found.append(Event(topic, partition, offset, message.key(), message.value(), at_us))

        read_whole(self.kafka, [(name, partition) for partition in range(partitions)], each)
        return sorted(found, key=lambda event: (event.partition, event.offset))

    def rows(self) -> list[tuple[int, Row]]:
        """The state rows as compaction would leave them, in the order of their last writes."""
        live: dict[tuple[int, bytes], bytes] = {}
        for event in self.records(self.state):
            place = event.partition, event.key or b""
            live.pop(place, None)
            if event.value is not None:
                live[place] = event.value
        return [(partition, Row(key, value)) for (partition, key), value in live.items()]

    @contextmanager
    def worker(self) -> Iterator[tuple[Worker, threading.Thread]]:
        """One worker in a thread; what ends it is raised here."""
        health = Health(Metrics(self.service, 0))
        worker = Worker(made(self.service), FAST, self.kafka, health, run=self.run)
        failed: list[BaseException] = []
        thread = threading.Thread(target=lambda: _kept(worker.work, failed))
        thread.start()
        try:
            yield worker, thread
        finally:
            worker.stopping = True
            thread.join(60)
        if failed:
            raise failed[0]

    def work(self) -> None:
        """Until everything was worked through."""
        with self.worker() as (worker, thread):
            # What else it reads, as signals, it writes itself while it reads the exchanges.
            for topic in ("exchanges", *(set(made(self.service).inputs) - {"exchanges"})):
                ends = {event.partition: event.offset + 1 for event in self.records(topic)}
                drained = partial(_drained, worker, topic, ends)
                wait_for(f"all {topic}", lambda ready=drained: ready() or not thread.is_alive())


def _kept(work: Callable[[], None], failed: list[BaseException]) -> None:
    try:
        work()
    except BaseException as error:
        failed.append(error)


def _drained(worker: Worker, topic: str, ends: dict[int, int]) -> bool:
    """Behind the last record there may be markers of transactions."""
    at = {place: part.next_offset for place, part in list(worker.parts.items())}
    return all(at.get((topic, partition), 0) >= end for partition, end in ends.items())


@pytest.fixture(params=TABLES)
def deployment(kafka: LocalKafka, request: pytest.FixtureRequest) -> Deployment:
    run = Run(re.sub("[^a-z]+", "-", request.node.name))
    found = Deployment({"bootstrap.servers": kafka.bootstrap}, run, request.param)
    found.create()
    return found


def spread() -> list[Output]:
    """The traffic by client, watermarks to every partition."""
    outputs = []
    for record in traffic():
        every = range(PARTITIONS)
        here = every if record.key is None else (zlib.crc32(record.key) % PARTITIONS,)
        outputs += [Output(record.topic, record.key, record.value, partition) for partition in here]
    return outputs


def calm(deployment: Deployment) -> tuple[list[Any], list[Any]]:
    """Findings, and state rows by place, of cores that never stopped."""
    service, policy = made(deployment.service), deployment.records("policy")
    findings, rows = [], []
    for topic, partition in product(service.inputs, range(PARTITIONS)):
        mine = [event for event in deployment.records(topic) if event.partition == partition]
        make = partial(service.inputs[topic], 0)
        told = contract.calm(make, mine, policy if service.broadcasts else ())
        findings += [plain(out.value) for out in told.outputs if out.topic == "findings"]
        head = topic.encode() + b"\0"
        rows += [(partition, head + row.key, plain(row.value)) for row in told.rows()]
    return sorted(findings, key=_revision), sorted(rows, key=_place)


def said(deployment: Deployment) -> tuple[list[Any], list[Any]]:
    """The same of the workers; how far they had read `policy` is theirs alone."""
    findings = [plain(event.value) for event in deployment.records("findings")]
    rows = [
        (partition, row.key, plain(row.value))
        for partition, row in deployment.rows()
        if not row.key.startswith(b"\0")
    ]
    return sorted(findings, key=_revision), sorted(rows, key=_place)


def _place(row: tuple[int, bytes, Any]) -> tuple[int, bytes]:
    return row[:2]


def _revision(finding: Any) -> tuple[str, int]:
    return finding.id, finding.revision


def test_a_new_release_goes_on_from_the_rows_of_an_older_one(
    deployment: Deployment, tmp_path: Path
) -> None:
    records = spread()
    deployment.send("exchanges", records[: len(records) // 2])
    deployment.work()
    before, rows = said(deployment)[0], deployment.rows()
    with another_release(tmp_path) as tree:
        older = rewritten((row for _, row in rows), tree)
        places = [partition for partition, _ in rows]
        deployment.replace_rows(zip(places, older, strict=True))
        heads = {schema.fingerprint for schema in registry.current().values()}
        assert all(row.value and row.value[2:10] not in heads for _, row in deployment.rows())
        deployment.send("exchanges", records[len(records) // 2 :])
        deployment.work()
        findings, state = said(deployment)
    assert 0 < len(before) < len(findings)
    assert (findings, state) == calm(deployment)


def test_rows_of_a_newer_release_end_the_worker_and_nothing_moves(deployment: Deployment) -> None:
    records = spread()
    deployment.send("exchanges", records[: len(records) // 2])
    deployment.work()
    before = said(deployment)
    table = TABLES[deployment.service]
    partition, row = next((at, row) for at, row in deployment.rows() if table + b"/" in row.key)
    assert row.value is not None
    newer = row.value[:2] + b"newerone" + row.value[10:]
    deployment.replace_rows([(partition, Row(row.key, newer))])
    deployment.send("exchanges", records[len(records) // 2 :])
    sentence = (
        f"{deployment.state}/{partition}: the state row .* of table {table.decode()} cannot be read"
    )
    with pytest.raises(MisfitError, match=sentence), deployment.worker() as (_, thread):
        wait_for("its end", lambda: not thread.is_alive())
    deployment.replace_rows([(partition, row)])
    assert said(deployment)[0] == before[0]
    deployment.work()
    assert said(deployment)[0] == calm(deployment)[0]
