"""The toy service on a real broker: topics of its own, a seeded load, workers, the truth."""

import os
import random
import signal
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from confluent_kafka import Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from schemas.codec import encode
from schemas.types import PolicyEntry
from services.runtime.clients import administering, producing
from services.runtime.faults import VARIABLE
from services.runtime.whole import ends, read_whole

TREE = Path(__file__).parent.parent.parent
# The least a broker grants (group.min.session.timeout.ms).
SESSION_MS = 6_000
PARTITIONS = 4
Record = tuple[bytes | None, bytes | None]


def wait_for(what: str, true: Callable[[], bool], seconds: float = 60) -> None:
    """Until it is true; a failure says what was waited for."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"{seconds} s went by without: {what}"
        time.sleep(0.05)


@dataclass
class ToyWorld:
    """One toy service by a name of its own."""

    bootstrap: str
    name: str
    seed: int = 0
    copies: int = 1
    sent: dict[bytes, list[int]] = field(default_factory=lambda: defaultdict(list))
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.kafka = {"bootstrap.servers": self.bootstrap}
        self.dice = random.Random(self.seed)
        self.producer = Producer(producing(self.kafka))
        outs = ("in", "side", "out", "out-alarms", "out-marks")
        self.create(*(f"{self.name}-{part}" for part in outs), f"state.{self.name}")

    def create(self, *topics: str) -> None:
        """Topics that are not there yet."""
        admin = AdminClient(administering(self.kafka))
        present = admin.list_topics(timeout=10).topics
        new = [NewTopic(t, PARTITIONS, self.copies) for t in topics]
        shared = [NewTopic("policy", 1, self.copies), NewTopic("dead-letters", 1, self.copies)]
        wanted = [topic for topic in (*new, *shared) if topic.topic not in present]
        for answer in admin.create_topics(wanted).values() if wanted else ():
            answer.result(30)

    def send(self, count: int, keys: int = 50) -> None:
        """Numbers by key, remembered."""
        for _ in range(count):
            key, number = b"k%d" % self.dice.randrange(keys), self.dice.randrange(100)
            self.sent[key].append(number)
            self.producer.produce(f"{self.name}-in", b"%d" % number, key)
        assert self.producer.flush(30) == 0

    def raw(self, value: bytes, partition: int = 0, key: bytes = b"raw", topic: str = "in") -> None:
        """One record as it is, not remembered."""
        self.producer.produce(f"{self.name}-{topic}", value, key, partition)
        assert self.producer.flush(30) == 0

    def delete_before(self, offset: int, partition: int = 0) -> None:
        """Have the broker forget the first records of the input, as retention does."""
        place = TopicPartition(f"{self.name}-in", partition, offset)
        admin = AdminClient(administering(self.kafka))
        admin.delete_records([place])[place].result(30)

    def policy(self, bonus: int, at_us: int = 0) -> None:
        """Have every worker add a bonus from now on."""
        entry = PolicyEntry(
            id="bonus", kind="setting", site="", host="", path="", where="", body=str(bonus),
            by="test", at_us=at_us, removed=False,
        )  # fmt: skip
        self.producer.produce("policy", encode(entry), b"bonus")
        assert self.producer.flush(30) == 0

    def start(self, slot: int = 0, fault: str = "", run: str = "") -> subprocess.Popen[bytes]:
        """One worker process; a fault has it killed at a point (services/runtime/faults.py)."""
        environment = {k: v for k, v in os.environ.items() if not k.startswith("SIDETAP_")}
        worker = subprocess.Popen(
            [sys.executable, "-m", "tests.broker.toy", self.name, self.bootstrap, str(slot), run,
             str(SESSION_MS)],
            cwd=TREE, env={**environment, VARIABLE: fault}, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        self.workers.append(worker)
        return worker

    def members(self) -> int:
        """Workers of the group that have partitions."""
        admin = AdminClient(administering(self.kafka))
        group = admin.describe_consumer_groups([self.name])[self.name].result(10)
        return sum(bool(member.assignment.topic_partitions) for member in group.members)

    def stop(self) -> None:
        """Stop every worker that still runs."""
        for worker in self.workers:
            if worker.poll() is None:
                worker.send_signal(signal.SIGCONT)
                worker.terminate()
        for worker in self.workers:
            worker.wait(30)
        self.workers.clear()

    def read(self, topic: str) -> dict[int, list[Record]]:
        """Every committed record of a topic, by partition."""
        found: dict[int, list[Record]] = defaultdict(list)
        read_whole(
            self.kafka,
            self.places(topic),
            lambda m: found[m.partition() or 0].append((m.key(), m.value())),
        )
        return found

    def places(self, topic: str) -> list[tuple[str, int]]:
        metadata = AdminClient(administering(self.kafka)).list_topics(topic, 10).topics[topic]
        return [(topic, partition) for partition in metadata.partitions]

    def outputs(self, run: str = "") -> list[Record]:
        return [r for records in self.read(f"{run}{self.name}-out").values() for r in records]

    def drained(self, count: int | None = None) -> bool:
        """Whether as many sums came out as numbers went in."""
        wanted = sum(map(len, self.sent.values())) if count is None else count
        name = f"{self.name}-out"
        # Offsets count transaction markers too, so this is cheap but only a lower bound …
        if sum(high for _, high in ends(self.kafka, self.places(name)).values()) < wanted:
            return False
        return len(self.outputs()) >= wanted  # … and this is exact.

    def assert_exact(self) -> None:
        """Sums, alarms and state are what one calm worker would have left."""
        sums: dict[bytes, list[bytes]] = defaultdict(list)
        for key, value in self.outputs():
            sums[key or b""].append(value or b"")
        assert sums == {key: _sums(numbers) for key, numbers in self.sent.items()}
        alarms = [r for rs in self.read(f"{self.name}-out-alarms").values() for r in rs]
        wanted = sorted(
            key + b" %d" % n for key, ns in self.sent.items() for n in range(3, len(ns) + 1, 3)
        )
        assert sorted(b" ".join((value or b"").split()[:2]) for _, value in alarms) == wanted
        assert self.state() == {
            key: b"%d %d" % (len(numbers), sum(numbers)) for key, numbers in self.sent.items()
        }

    def state(self) -> dict[bytes, bytes]:
        """Live rows of the changelog, by the toy's own key."""
        rows: dict[bytes, bytes] = {}
        head = f"{self.name}-in\0sum/".encode()
        for records in self.read(f"state.{self.name}").values():
            for key, value in records:
                if key and key.startswith(head):
                    rows.pop(key[len(head) :], None)
                    if value is not None:
                        rows[key[len(head) :]] = value
        return rows


def _sums(numbers: Sequence[int]) -> list[bytes]:
    return [b"%d %d" % (i + 1, sum(numbers[: i + 1])) for i in range(len(numbers))]
