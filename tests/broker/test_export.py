"""Export on a real broker: the topic is exact through kills, the file has every event."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import orjson
import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewTopic

from schemas import codec, history, registry, types
from services.runtime.clients import administering, producing
from services.runtime.faults import VARIABLE
from services.runtime.kafka_local import LocalKafka
from services.runtime.whole import read_whole

TREE = Path(__file__).parents[2]
PARTITIONS = 3
FINDING = types.Finding.from_avro(history.examples(registry.current()["Finding"])["attack"])
EVENTS_TOPIC = "siem.ocsf"
CHUNK = 200


@dataclass
class World:
    """Topics of one test, what was sent to them, and the processes that work on them."""

    bootstrap: str
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.kafka = {"bootstrap.servers": self.bootstrap}
        self.producer = Producer(producing(self.kafka))

    def create(self, *names: str) -> None:
        admin = AdminClient(administering(self.kafka))
        there = admin.list_topics(timeout=10).topics
        topics = [NewTopic("policy", 1, 1), *(NewTopic(name, PARTITIONS, 1) for name in names)]
        wanted = [topic for topic in topics if topic.topic not in there]
        for answer in admin.create_topics(wanted).values() if wanted else ():
            answer.result(30)

    def send(self, topic: str, records: Sequence[tuple[str, bytes]]) -> None:
        for key, value in records:
            self.producer.produce(topic, value, key.encode())
        assert self.producer.flush(30) == 0

    def start(self, *arguments: str, **environment: str) -> subprocess.Popen[bytes]:
        clean = {k: v for k, v in os.environ.items() if not k.startswith("SIDETAP_")}
        process = subprocess.Popen(
            [sys.executable, "-m", *arguments, "--kafka", self.bootstrap],
            cwd=TREE, env={**clean, **environment}, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        self.processes.append(process)
        return process

    def uids(self, topic: str) -> Counter[str]:
        found: Counter[str] = Counter()
        read_whole(
            self.kafka,
            [(topic, partition) for partition in range(PARTITIONS)],
            lambda message: found.update([uid(message.value() or b"")]),
        )
        return found

    def stop(self) -> None:
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            process.wait(30)


@pytest.fixture
def world(kafka: LocalKafka) -> Iterator[World]:
    made = World(kafka.bootstrap)
    yield made
    made.stop()


def uid(line: bytes) -> str:
    return str(orjson.loads(line)["metadata"]["uid"])


def wait_for(what: str, true: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"{seconds} s went by without: {what}"
        time.sleep(0.1)


def findings(first: int, count: int) -> list[tuple[str, bytes]]:
    made = [replace(FINDING, id=f"finding-{n}") for n in range(first, first + count)]
    return [(finding.id, codec.encode(finding)) for finding in made]


def test_events_are_exact_through_kills(world: World) -> None:
    run = "export-kills"
    source, target = f"run.{run}.findings", f"run.{run}.{EVENTS_TOPIC}"
    world.create(source, target, f"run.{run}.dead-letters")
    sent = 0
    for point in ("before_produce", "in_transaction", "after_commit"):
        worker = world.start("services.export", "--run", run, **{VARIABLE: f"{point}:2:KILL"})
        while worker.poll() is None:
            world.send(source, findings(sent, CHUNK))
            sent += CHUNK
            time.sleep(0.1)
        assert worker.returncode == -signal.SIGKILL
    world.start("services.export", "--run", run)
    wait_for("every event", lambda: world.uids(target).total() >= sent)
    assert world.uids(target) == Counter(f"finding-{n}.0" for n in range(sent))


def test_the_file_has_every_event_through_kills(world: World, tmp_path: Path) -> None:
    world.create(EVENTS_TOPIC)
    path = tmp_path / "logs" / "events.jsonl"
    settings = {
        "SIDETAP_EXPORT__FILE": str(path),
        "SIDETAP_EXPORT__FILE_BYTES_MAX": "20000",
        "SIDETAP_EXPORT__FILES_MAX": "1000",
    }
    sent = 0
    for _ in range(3):
        follower = world.start("services.export.file", **settings)
        before = len(whole_lines(path))
        while len(whole_lines(path)) <= before:
            events = [(f"e{n}", b'{"metadata":{"uid":"e%d"}}' % n) for n in range(sent, sent + 500)]
            world.send(EVENTS_TOPIC, events)
            sent += 500
            assert follower.poll() is None
            time.sleep(0.1)
        follower.kill()
        follower.wait()
    world.start("services.export.file", **settings)
    wanted = {f"e{n}" for n in range(sent)}
    wait_for("every line", lambda: wanted <= {uid(line) for line in whole_lines(path)})
    world.stop()
    assert len(contents(path)) > 1
    assert all(text.endswith(b"\n") for text in contents(path))


def contents(path: Path) -> list[bytes]:
    """All files; none where one was being renamed just then."""
    try:
        return [file.read_bytes() for file in path.parent.glob(f"{path.name}*")]
    except FileNotFoundError:
        return []


def whole_lines(path: Path) -> list[bytes]:
    return [line for text in contents(path) for line in text.split(b"\n")[:-1]]


def test_without_a_file_it_says_so_and_ends(world: World) -> None:
    follower = world.start("services.export.file")
    assert follower.wait(30) == 2
