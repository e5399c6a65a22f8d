"""The packet path on a real broker: agents, reassembly workers, and what the direct path says."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from schemas.codec import decode_as, name_of
from schemas.topics import topics
from schemas.types import Exchange, LedgerEntry, PacketBlock
from services.capture.letters import Letter
from services.capture.settings import Settings as CaptureSettings
from services.capture.taps import TapLetters, merged, taps
from services.reassembly.settings import Settings
from services.reassembly.worker import service
from services.runtime.clients import administering, consuming, producing
from services.runtime.core import Event, Output
from services.runtime.faults import VARIABLE
from services.runtime.whole import ends, read_whole

TREE = Path(__file__).parent.parent.parent
TOPICS = (
    "packets", "exchanges", "encrypted", "ledger", "state.reassembly", "dead-letters", "policy",
    "keys",
)  # fmt: skip
PARTITIONS = 4
BLOCK_BYTES = 4_096
DEADLINE_S = 120
# One record a request, one request at a time: there is a middle to kill an agent in.
SLOWLY = {
    "SIDETAP_KAFKA__BATCH_NUM_MESSAGES": "1",
    "SIDETAP_KAFKA__MAX_IN_FLIGHT_REQUESTS_PER_CONNECTION": "1",
}

# The group's coordinator is being chosen.
MOVING = {
    KafkaError.NOT_COORDINATOR,
    KafkaError.COORDINATOR_NOT_AVAILABLE,
    KafkaError.COORDINATOR_LOAD_IN_PROGRESS,
}


def wait_for(what: str, true: Callable[[], bool], seconds: float = DEADLINE_S) -> None:
    """Until it is true; a failure says what was waited for."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"{seconds} s went by without: {what}"
        time.sleep(0.05)


def make_topics(bootstrap: str, partitions: int = PARTITIONS) -> None:
    """The path's topics as the table has them, but narrower."""
    admin = AdminClient(administering({"bootstrap.servers": bootstrap}))
    new = [
        NewTopic(name, min(partitions, topics()[name].partitions), 1,
                 config=topics()[name].settings())
        for name in TOPICS
    ]  # fmt: skip
    for future in admin.create_topics(new).values():
        future.result(30)


@dataclass(slots=True)
class PacketPath:
    """Processes on one broker, sites apart from each other."""

    bootstrap: str
    data: Path
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def kafka(self) -> dict[str, str]:
        return {"bootstrap.servers": self.bootstrap}

    def agent(self, site: str, *paths: Path, slowly: bool = False) -> subprocess.Popen[bytes]:
        """A file agent."""
        environment = {**os.environ, "SIDETAP_CAPTURE__BLOCK_BYTES": str(BLOCK_BYTES)}
        return subprocess.Popen(
            [sys.executable, "-m", "services.capture", "--pcap", *map(str, paths), "--site", site,
             "--kafka", self.bootstrap, "--data", str(self.data)],
            cwd=TREE, env={**environment, **(SLOWLY if slowly else {})},
            stderr=subprocess.DEVNULL,
        )  # fmt: skip

    def capture(self, site: str, *paths: Path) -> None:
        """Send whole files."""
        assert self.agent(site, *paths).wait(DEADLINE_S) == 0

    def post(self, sent: Sequence[Letter]) -> None:
        """Send letters as an agent does."""
        producer = Producer(producing(self.kafka))
        for letter in sent:
            partition = -1 if letter.partition is None else letter.partition
            producer.produce(letter.topic, letter.value, letter.key, partition)
        assert producer.flush(30) == 0

    def work(self, slot: int = 0, fault: str = "", settings: Path | None = None) -> None:
        """One more reassembly worker; a fault has it killed at a point (runtime/faults.py)."""
        more = ["--settings", str(settings)] if settings else []
        environment = {
            **os.environ,
            VARIABLE: fault,
            "SIDETAP_WORKER__SESSION_TIMEOUT_MS": "6000",
        }
        self.workers.append(
            subprocess.Popen(
                [sys.executable, "-m", "services.reassembly", "--kafka", self.bootstrap,
                 "--slot", str(slot), *more],
                cwd=TREE, env=environment, stderr=subprocess.DEVNULL,
            )
        )  # fmt: skip

    def stop(self) -> None:
        """End every worker cleanly."""
        for worker in self.workers:
            if worker.poll() is None:
                worker.send_signal(signal.SIGTERM)
        for worker in self.workers:
            worker.wait(30)
        self.workers.clear()

    def drained(self) -> bool:
        """Whether all that is on `packets` is committed as worked through."""
        places = [("packets", partition) for partition in range(PARTITIONS)]
        consumer = Consumer(consuming(self.kafka, group_id="reassembly"))
        try:
            committed = consumer.committed([TopicPartition(*place) for place in places], 10)
        except KafkaException as error:
            if error.args[0].code() not in MOVING:
                raise
            return False
        finally:
            consumer.close()
        marks = ends(self.kafka, places)
        return all(tp.offset == marks[tp.topic, tp.partition][1] for tp in committed)

    def sent(self, site: str, agent: str) -> Counter[int]:
        """Blocks of an agent that are on the topic, by partition."""
        blocks = (decode_as(PacketBlock, o.value or b"") for o in self.records("packets"))
        return Counter(b.partition for b in blocks if (b.site, b.agent) == (site, agent))

    def records(self, topic: str) -> list[Output]:
        """Every committed record of a topic."""
        admin = AdminClient(administering(self.kafka))
        partitions = admin.list_topics(topic, 10).topics[topic].partitions
        found: list[Output] = []
        read_whole(
            self.kafka,
            [(topic, partition) for partition in partitions],
            lambda m: found.append(Output(topic, m.key(), m.value(), m.partition())),
        )
        return found

    def exchanges(self, site: str) -> list[Output]:
        """Exchange records of one site."""
        return [
            o for o in self.records("exchanges") if (o.key or b"").startswith(f"{site}/".encode())
        ]

    def ledger(self, site: str) -> list[LedgerEntry]:
        """Ledger entries of one site, repeats of an agent's dropped as every reader must."""
        entries = [decode_as(LedgerEntry, o.value or b"") for o in self.records("ledger")]
        return list({entry.id: entry for entry in entries if entry.site == site}.values())


def letters(
    paths: Sequence[Path], site: str, partitions: int = PARTITIONS, block_bytes: int = BLOCK_BYTES
) -> list[Letter]:
    """All that an agent sends of files."""
    capture = CaptureSettings(site=site, block_bytes=block_bytes)
    found = taps([str(path) for path in paths], capture, partitions, again=False)
    return list(merged([TapLetters(tap, capture, partitions) for tap in found]))


def direct(
    paths: Sequence[Path],
    site: str,
    settings: Settings | None = None,
    partitions: int = PARTITIONS,
    block_bytes: int = BLOCK_BYTES,
) -> list[Output]:
    """What the same cores say in this process, without Kafka."""
    events: dict[int, list[Event]] = defaultdict(list)
    outputs: list[Output] = []
    keys: list[Event] = []
    for letter in letters(paths, site, partitions, block_bytes):
        if letter.topic == "keys":
            keys.append(Event("keys", 0, len(keys), letter.key, letter.value))
        elif letter.topic == "packets":
            assert letter.partition is not None
            of_partition = events[letter.partition]
            of_partition.append(
                Event("packets", letter.partition, len(of_partition), None, letter.value)
            )
        else:
            outputs.append(Output(letter.topic, letter.key, letter.value))
    made = service(settings or Settings())
    for partition, of_partition in events.items():
        core = made.inputs["packets"](partition)
        core.restore(())
        for key in keys:
            core.learn(key)
        core.feed(of_partition)
        changes = core.take()
        assert not changes.rejected
        outputs += changes.outputs
    return outputs


def plain(outputs: Sequence[Output]) -> list[tuple[bytes | None, bytes | None]]:
    """Keys and values of exchanges, in an order of their own; watermarks left out."""
    return sorted(
        ((o.key, o.value) for o in outputs if o.topic == "exchanges" and o.key is not None),
        key=lambda pair: (pair[0] or b"", pair[1] or b""),
    )


def decoded(outputs: Sequence[Output]) -> list[Exchange]:
    """The exchanges among records, by id and revision."""
    found = [
        decode_as(Exchange, o.value)
        for o in outputs
        if o.topic == "exchanges" and o.value and name_of(o.value) == "Exchange"
    ]
    return sorted(found, key=lambda exchange: (exchange.id, exchange.revision))


def sums(entries: Sequence[LedgerEntry]) -> dict[str, Counter[str]]:
    """Bytes by layer and column."""
    total: dict[str, Counter[str]] = defaultdict(Counter)
    for entry in entries:
        layer = total[entry.layer]
        layer["in"] += entry.entered.bytes
        layer["out"] += entry.left.bytes
        layer["held"] += entry.held.bytes
        for cause, amount in entry.dropped.items():
            layer[f"dropped {cause}"] += amount.bytes
        for cause, amount in entry.missing.items():
            layer[f"missing {cause}"] += amount.bytes
    return {name: +layer for name, layer in total.items()}


def residual(layer: Counter[str]) -> int:
    """Bytes that nobody accounts for."""
    dropped = sum(size for column, size in layer.items() if column.startswith("dropped"))
    return layer["in"] - layer["out"] - layer["held"] - dropped


def entries_of(outputs: Sequence[Output]) -> list[LedgerEntry]:
    """The ledger entries among records."""
    return [decode_as(LedgerEntry, o.value) for o in outputs if o.topic == "ledger" and o.value]
