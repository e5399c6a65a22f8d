"""`make crash`: the whole pipeline under kills at its worst moments, then compared with calm.

Prints what was hit and what was compared; exit 1 where a single field differs, an exchange of the
files is not there once, a planned fault was not hit, or a worker died that nobody had planned.
"""

import argparse
import json
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from confluent_kafka import Consumer, Producer, TopicPartition

from schemas.codec import encode
from schemas.topics import topics
from schemas.types import PolicyEntry
from services.runtime import topics_admin
from services.runtime.clients import consuming, producing
from services.runtime.faults import POINTS
from services.runtime.kafka_local import LocalKafka
from services.runtime.whole import ends
from tests.crash.calm import compare
from tests.crash.fleet import SERVICES, TREE, Fleet
from tests.crash.sent import Sent, apart, on_topic, send_without_a_block
from tests.crash.wire_traffic import FILE_S, write_file

DRAIN_S_MAX = 600


def say(text: str) -> None:
    """Progress, for people."""
    print(text, file=sys.stderr, flush=True)


class Agents:
    """The file agent, one file after the other in real time; some runs are killed and resumed."""

    def __init__(
        self, bootstrap: str, folder: Path, per_s: int, seed: int, *, lose_block: bool
    ) -> None:
        self.bootstrap, self.folder, self.per_s = bootstrap, folder, per_s
        self.dice = random.Random(seed)
        self.files = self.killed = 0
        self.sent = Sent()
        self.lose_block = lose_block
        self.process: subprocess.Popen[bytes] | None = None

    def send_next(self) -> None:
        """Write a file and send it; one in four is killed in the middle, then resumed."""
        self.wait()
        path, site = self.folder / f"part{self.files}.pcap", f"site{self.files}"
        self.sent.add(site, path, write_file(path, self.files, self.per_s))
        command = [
            sys.executable, "-m", "services.capture", "--pcap", str(path), "--kafka",
            self.bootstrap, "--site", site, "--data", str(self.folder / "agent"),
        ]  # fmt: skip
        self.files += 1
        if self.lose_block and self.files == 1:
            send_without_a_block(self.bootstrap, site, path)
            return
        if self.dice.random() < 0.25:
            doomed = self._run(command)
            time.sleep(0.3 + self.dice.random() * 0.5)
            if doomed.poll() is None:
                doomed.kill()
                self.killed += 1
            doomed.wait()
        self.process = self._run(command)

    def _run(self, command: list[str]) -> subprocess.Popen[bytes]:
        with (self.folder / "agent.log").open("ab") as log:
            return subprocess.Popen(command, cwd=TREE, stdout=log, stderr=log)

    def wait(self) -> None:
        """Until the file under way is sent."""
        if self.process is not None:
            assert self.process.wait(120) == 0, f"the agent failed: see {self.folder}/agent.log"
            (self.folder / f"part{self.files - 1}.pcap").unlink(missing_ok=True)
            self.process = None


def write_policy(kafka: Mapping[str, str]) -> None:
    """An exclusion for a host that nobody asks: learned everywhere, and changes nothing."""
    entry = PolicyEntry(
        id="crash-run", kind="exclusion", site="", host="nowhere.example", path="", where="",
        body="{}", by="crash run", at_us=0, removed=False,
    )  # fmt: skip
    producer = Producer(producing(kafka))
    producer.produce("policy", encode(entry), entry.id.encode())
    assert producer.flush(30) == 0


def lag(kafka: Mapping[str, str]) -> int:
    """Records, with transaction markers, that some service has not committed."""
    total = 0
    for group, topic in GROUPS:
        reader = Consumer(consuming(kafka, group_id=group))
        places = [(topic, p) for p in range(topics()[topic].partitions)]
        marks = ends(kafka, places)
        for tp in reader.committed([TopicPartition(*place) for place in places], 30):
            low, high = marks[tp.topic, tp.partition]
            total += max(0, high - max(tp.offset, low))
        reader.close()
    return total


GROUPS = [("reassembly", "packets"), ("detect", "exchanges"), ("detect", "weaknesses"),
          ("browsing", "exchanges"), ("browsing", "signals"), ("browsing", "findings"),
          ("discovery", "exchanges"), ("discovery", "sightings")]  # fmt: skip


def drained(kafka: Mapping[str, str], fleet: Fleet) -> None:
    """Until nothing moves any more. What is behind the last record of a partition are markers."""
    deadline, last, still = time.monotonic() + DRAIN_S_MAX, -1, 0
    while still < 10:
        assert time.monotonic() < deadline, f"not drained: {last} records behind"
        fleet.tend()
        now = lag(kafka)
        still = still + 1 if now == last else 0
        last = now
        time.sleep(1)


def wild(local: LocalKafka, fleet: Fleet, agents: Agents, given: argparse.Namespace) -> float:
    """Feed until every planned fault was hit; seconds it took."""
    begun_s = time.monotonic()
    next_s, told, broker_due = begun_s, 0, given.brokers > 1
    while fleet.left() or time.monotonic() < begun_s + given.seconds:
        now_s = time.monotonic()
        if now_s >= next_s:
            agents.send_next()
            next_s = max(next_s + FILE_S, now_s)
            minute = agents.files
            if minute % 6 == 0:
                write_policy({"bootstrap.servers": local.bootstrap})
            if given.scale and minute in (4, 10):
                fleet.scale(3 if minute == 4 else 1)
            if broker_due and minute == 5:
                local.kill_node(2)
                fleet.shaken_s = now_s
            if broker_due and minute == 9:
                local.start_node(2)
                fleet.shaken_s = time.monotonic()
                broker_due = False
        fleet.tend()
        if agents.files > told:
            told = agents.files
            say(f"{now_s - begun_s:5.0f} s · {agents.sent.written} exchanges sent · {fleet.left()} "
                f"faults to come · {sum(fleet.hits.values())} hit")  # fmt: skip
        time.sleep(0.1)
    agents.wait()
    return time.monotonic() - begun_s


def main() -> int:
    given = _parser().parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    with tempfile.TemporaryDirectory(prefix="sidetap-crash-") as name:
        folder = Path(name)
        local = LocalKafka(nodes=given.brokers, data=folder / "kafka", heap_mb=512)
        fleet = Fleet(local.bootstrap, folder, given.seed, given.kills, given.zombies,
                      1 if given.scale else 2)  # fmt: skip
        kafka = {"bootstrap.servers": local.bootstrap}
        try:
            local.start()
            topics_admin.apply(kafka, topics_admin.compare(kafka))
            agents = Agents(local.bootstrap, folder, given.rate, given.seed,
                            lose_block=given.lose_block)  # fmt: skip
            took_s = wild(local, fleet, agents, given)
            say("all planned faults were hit; draining …")
            drained(kafka, fleet)
            fleet.stop()
            say("comparing with calm …")
            counts, wrong = compare(kafka, SERVICES)
            found = on_topic(kafka)
            wrong += apart(agents.sent, found) + missed(fleet)
        finally:
            fleet.stop()
            local.stop()
        if given.keep_logs:
            for log in folder.glob("*.log"):
                (given.keep_logs / log.name).write_bytes(log.read_bytes())
    return _told(given, fleet, agents, took_s, found, counts, wrong)


def _told(
    given: argparse.Namespace, fleet: Fleet, agents: Agents, took_s: float,
    found: Mapping[str, Counter[bytes]], counts: dict[str, int], wrong: list[str],
) -> int:  # fmt: skip
    hits = {f"{service} {point}": n for (service, point), n in sorted(fleet.hits.items())}
    print(json.dumps({
        "seed": given.seed, "brokers": given.brokers, "seconds": round(took_s),
        "sites": len(agents.sent.sites), "exchanges_sent": agents.sent.written,
        "exchanges_found": sum(each.total() for each in found.values()),
        "exchanges_per_s": round(agents.sent.written / took_s),
        "agent_kills": agents.killed, "hits": hits,
        "restarts_by_design": dict(sorted(fleet.restarts.items())), "unplanned": fleet.unplanned,
        "compared": counts, "wrong": wrong,
    }, indent=1))  # fmt: skip
    return 1 if wrong or fleet.unplanned else 0


def missed(fleet: Fleet) -> list[str]:
    """Faults that were planned, but not hit as often."""
    wanted = {f"{point}:KILL": fleet.kills for point in POINTS}
    wanted["in_transaction:STOP"] = fleet.zombies
    return [
        f"{service} {fault}: hit {fleet.hits[service, fault]} times, not {times}"
        for service in SERVICES
        for fault, times in wanted.items()
        if fleet.hits[service, fault] != times
    ]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.crash", description=__doc__)
    add = parser.add_argument
    add("--kills", type=int, default=15, help="of each service at each point")
    add("--zombies", type=int, default=2, help="of each service: stopped past its session")
    add("--rate", type=int, default=1_000, help="exchanges a second")
    add("--seconds", type=int, default=30, help="at least so long")
    add("--brokers", type=int, default=1, choices=(1, 3), help="3: one of them is killed")
    add("--scale", action="store_true", help="workers 1 → 3 → 1 instead of two")
    add("--seed", type=int, default=1)
    add("--keep-logs", type=Path, help="folder for the workers' logs")
    add("--lose-block", action="store_true", help="as a broken agent would: the run must fail")
    return parser


if __name__ == "__main__":
    sys.exit(main())
