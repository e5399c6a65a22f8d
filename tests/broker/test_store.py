"""The inventory's database behind a real broker: kill -9 at any moment changes no row."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic
from sqlalchemy import Engine, func, select
from sqlalchemy.exc import SQLAlchemyError

from schemas import codec, history, registry
from schemas.topics import topics
from schemas.types import Endpoint
from services.discovery.store.database import opened
from services.discovery.store.projection import TOPIC
from services.discovery.store.tables import ChangeRow, OffsetRow, OperationRow, ParameterRow
from services.runtime.clients import administering, consuming, producing
from services.runtime.kafka_local import LocalKafka

TREE = Path(__file__).parents[2]
EXAMPLE = Endpoint.from_avro(next(iter(history.examples(registry.current()["Endpoint"]).values())))
OPERATIONS = 200
KILLS = 3


def binaries() -> Path | None:
    """Debian's PostgreSQL, the newest."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return found[-1].parent if found else None


@contextmanager
def postgresql() -> Iterator[str]:
    """A cluster of its own on loopback; its URL."""
    bin_ = binaries()
    if bin_ is None:
        pytest.skip("no PostgreSQL here (apt install postgresql): only SQLite was tried")
    folder = Path(tempfile.mkdtemp(prefix="sidetap-postgresql-"))
    as_user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    if as_user:
        shutil.chown(folder, "postgres")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    data = folder / "data"
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off"

    def run(program: str, *arguments: str) -> None:
        command = [*as_user, str(bin_ / program), "-D", str(data), *arguments]
        subprocess.run(
            command, check=True, cwd="/", timeout=60,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        )  # fmt: skip

    run("initdb", "-A", "trust", "-U", "sidetap", "-E", "UTF8", "--no-sync")
    run("pg_ctl", "-w", "-l", str(folder / "log"), "-o", options, "start")
    try:
        yield f"postgresql://sidetap@127.0.0.1:{port}/postgres"
    finally:
        run("pg_ctl", "-w", "-m", "immediate", "stop")
        shutil.rmtree(folder)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/inventory.db"
    else:
        with postgresql() as made:
            yield made


def endpoint(number: int, turn: int) -> Endpoint:
    day_us = 86_400_000_000
    return replace(
        EXAMPLE, template=f"/a/{number}", operation=None, host="a\0b" if number == 7 else "h",
        admitted=True, removed=False, first_us=turn % 3 * day_us, last_us=400 * day_us,
        count=turn, seen=(), gaps=(),
    )  # fmt: skip


def send(producer: Producer, turn: int) -> None:
    for number in range(OPERATIONS):
        key = f"s/h/GET /a/{number}".encode()
        value = None if number % 20 == turn % 20 else codec.encode(endpoint(number, turn))
        producer.produce(TOPIC, value, key)
    assert producer.flush(30) == 0


def started(bootstrap: str, url: str) -> subprocess.Popen[bytes]:
    clean = {k: v for k, v in os.environ.items() if not k.startswith("SIDETAP_")}
    return subprocess.Popen(
        [sys.executable, "-m", "services.discovery.store", "--kafka", bootstrap],
        cwd=TREE, env={**clean, "SIDETAP_DISCOVERY__STORE": url}, stderr=subprocess.DEVNULL,
    )  # fmt: skip


def read(engine: Engine) -> int:
    """How many records the database has taken in; 0 where it has no tables yet."""
    try:
        with engine.connect() as connection:
            return connection.execute(select(func.sum(OffsetRow.next_offset))).scalar_one() or 0
    except SQLAlchemyError:
        return 0


def has_more(engine: Engine, before: int) -> bool:
    return read(engine) > before


def written(bootstrap: str) -> int:
    """The ends of all partitions; other tests of the session may have written too."""
    consumer = Consumer(consuming({"bootstrap.servers": bootstrap}, group_id="ends"))
    try:
        places = [TopicPartition(TOPIC, n) for n in range(topics()[TOPIC].partitions)]
        return sum(consumer.get_watermark_offsets(place, timeout=10)[1] for place in places)
    finally:
        consumer.close()


def wait_for(what: str, true: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"{seconds} s went by without: {what}"
        time.sleep(0.05)


def rows(engine: Engine) -> list[list[tuple[object, ...]]]:
    tables = (OperationRow, ParameterRow, ChangeRow, OffsetRow)
    with engine.connect() as connection:
        return [
            sorted(map(tuple, connection.execute(select(t.__table__))), key=repr) for t in tables
        ]


def test_rows_are_exact_through_kills(kafka: LocalKafka, url: str, tmp_path: Path) -> None:
    settings = {"bootstrap.servers": kafka.bootstrap}
    admin = AdminClient(administering(settings))
    if TOPIC not in admin.list_topics(timeout=10).topics:
        admin.create_topics([NewTopic(TOPIC, topics()[TOPIC].partitions, 1)])[TOPIC].result(30)
    producer = Producer(producing(settings))
    engine, turn = opened(url), 0
    for _ in range(KILLS):
        before = read(engine)
        for _ in range(10):  # two batches and more, so that a kill may come between
            send(producer, turn)
            turn += 1
        process = started(kafka.bootstrap, url)
        wait_for("some of them", partial(has_more, engine, before))
        send(producer, turn)
        process.kill()
        process.wait()
    calm = opened(f"sqlite:///{tmp_path}/calm.db")
    last = [started(kafka.bootstrap, u) for u in (url, f"sqlite:///{tmp_path}/calm.db")]
    try:
        wait_for("everything", lambda: read(engine) == read(calm) == written(kafka.bootstrap))
    finally:
        for process in last:
            process.terminate()
        assert [process.wait(30) for process in last] == [0, 0]
    assert rows(engine) == rows(calm)
    engine.dispose()
    calm.dispose()


def test_without_a_database_it_says_so_and_ends(kafka: LocalKafka) -> None:
    assert started(kafka.bootstrap, "mysql://h/x").wait(30) == 2
