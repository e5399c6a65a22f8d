"""A live agent on a wire of its own: what it sends, who it is, and what Kafka's absence costs."""

import os
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from schemas.codec import decode_as, encode
from schemas.types import Exchange, LedgerEntry, PacketBlock
from services.capture.settings import Settings
from services.reassembly.settings import Settings as ReassemblySettings
from services.reassembly.worker import service
from services.runtime.core import Event
from services.runtime.kafka_local import LocalKafka
from tests.broker.packet_path import PARTITIONS, TREE, PacketPath, make_topics, wait_for
from tests.broker.wire_pair import Wire, ip, wire
from tests.unit.capture.wire import Conversation

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a wire of its own")


@dataclass(slots=True)
class Agent:
    """A process that captures on an interface, and what it has said so far."""

    process: subprocess.Popen[str]
    said: Path

    def heard(self, words: str) -> bool:
        return words in self.said.read_text()

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(30)


@dataclass(slots=True)
class World:
    """A broker, a wire, and agents on it one after the other."""

    broker: LocalKafka
    wire: Wire
    data: Path
    site: str
    started: list[Agent] = field(default_factory=list)

    def agent(self, *source: str, **environment: str) -> Agent:
        """On the wire, or on another source."""
        source = source or ("--interface", self.wire.interface)
        said = self.data / f"said-{len(self.started)}"
        with said.open("w") as file:
            process = subprocess.Popen(
                [sys.executable, "-m", "services.capture", *source, "--site", self.site,
                 "--agent", "tap", "--kafka", self.broker.bootstrap,
                 "--data", str(self.data / "agent")],
                cwd=TREE, env={**os.environ, **environment}, stderr=file, text=True,
            )  # fmt: skip
        agent = Agent(process, said)
        self.started.append(agent)
        wait_for("the start", lambda: agent.heard("capturing on") or process.poll() is not None)
        assert process.poll() is None, said.read_text()
        return agent

    def blocks(self) -> list[PacketBlock]:
        path = PacketPath(self.broker.bootstrap, self.data)
        found = [decode_as(PacketBlock, o.value or b"") for o in path.records("packets")]
        return [block for block in found if block.site == self.site]

    def exchanges(self) -> list[Exchange]:
        """What reassembly makes of all that is on the topic."""
        made = service(ReassemblySettings())
        found: list[Exchange] = []
        blocks = self.blocks()
        for partition in range(PARTITIONS):
            core = made.inputs["packets"](partition)
            core.restore(())
            values = [encode(block) for block in blocks if block.partition == partition]
            core.feed([Event("packets", partition, n, None, v) for n, v in enumerate(values)])
            found += [
                decode_as(Exchange, output.value or b"")
                for output in core.take().outputs
                if output.topic == "exchanges" and output.key is not None
            ]
        return found

    def whole(self) -> set[int]:
        """Numbers of the requests that were seen whole, with their responses."""
        return {
            int(exchange.request.target.split(b"/")[1])
            for exchange in self.exchanges()
            if exchange.request and exchange.response and exchange.response.complete
        }

    def ledger(self) -> list[LedgerEntry]:
        path = PacketPath(self.broker.bootstrap, self.data)
        found = [decode_as(LedgerEntry, o.value or b"") for o in path.records("ledger")]
        return [entry for entry in found if entry.site == self.site]

    def missing(self) -> dict[str, list[LedgerEntry]]:
        found: dict[str, list[LedgerEntry]] = {}
        for entry in self.ledger():
            for cause in entry.missing:
                found.setdefault(cause, []).append(entry)
        return found

    def revive(self) -> None:
        self.broker.start_node(1)
        self.broker.wait(1)


@pytest.fixture(scope="module")
def broker() -> Iterator[LocalKafka]:
    """One for all, which dies and comes back; each test has a site of its own."""
    local = LocalKafka().start()
    make_topics(local.bootstrap)
    yield local
    local.stop()


@pytest.fixture
def world(broker: LocalKafka, request: pytest.FixtureRequest) -> Iterator[World]:
    with (
        # Not pytest's folder: the agent goes on as nobody and must be able to enter.
        TemporaryDirectory(prefix="sidetap-live-") as folder,
        wire(f"c{os.getpid() % 10_000}") as own,
    ):
        Path(folder).chmod(0o755)
        running = World(broker, own, Path(folder), request.node.name)
        yield running
        for agent in running.started:
            if agent.process.poll() is None:
                agent.process.kill()
                agent.process.wait()


def status(process: subprocess.Popen[str], name: str) -> list[str]:
    """One line of /proc/PID/status for every thread."""
    return [
        line.split(":", 1)[1].strip()
        for path in Path(f"/proc/{process.pid}/task").glob("*/status")
        for line in path.read_text().splitlines()
        if line.startswith(f"{name}:")
    ]


def test_exchanges_heartbeats_an_end_and_no_rights_left(world: World) -> None:
    agent = world.agent()
    assert set(status(agent.process, "CapEff")) == {"0000000000000000"}
    assert "0" not in {uid for line in status(agent.process, "Uid") for uid in line.split()}
    world.wire.ask(0, 50)
    time.sleep(2.5)
    assert agent.stop() == 0
    assert world.whole() == set(range(50))
    blocks = world.blocks()
    for partition in range(PARTITIONS):
        kinds = [block.kind for block in blocks if block.partition == partition]
        assert kinds[-1] == "end"
        assert kinds.count("heartbeat") >= 2
        sequences = [block.sequence for block in blocks if block.partition == partition]
        assert sequences == list(range(len(sequences)))
    assert world.missing() == {}


def test_what_a_mirror_sends_to_a_port_is_captured(world: World) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as mirror:
        mirror.bind(("127.0.0.1", 0))
        port = free_port()
        agent = world.agent("--listen", f"vxlan:{port}", "--vni", "7")
        for vni in (7, 8):
            talk = Conversation(client_port=40_000 + vni).open()
            talk.exchange(b"GET /%d/x HTTP/1.1\r\nHost: a\r\n\r\n" % vni, ANSWER)
            for frame in talk.close().frames:
                mirror.sendto(struct.pack(">BxxxI", 8, vni << 8) + frame.data, ("127.0.0.1", port))
    time.sleep(1)
    assert agent.stop() == 0
    assert world.whole() == {7}
    assert {exchange.vni for exchange in world.exchanges()} == {7}
    assert world.missing() == {}
    filtered = [e.dropped["filter"] for e in world.ledger() if "filter" in e.dropped]
    assert sum(amount.packets for amount in filtered) == len(talk.frames)


def free_port() -> int:
    """A UDP port that nobody has now."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def test_a_stop_without_kafka_spools_and_the_next_start_sends_it_first(world: World) -> None:
    agent = world.agent()
    world.wire.ask(0, 5)
    world.broker.kill_node(1)
    world.wire.ask(5, 20)
    wait_for("the trouble", lambda: agent.heard("Kafka cannot be reached"))
    assert agent.stop() == 0
    assert agent.heard("the rest waits in the spool")
    world.revive()
    again = world.agent()
    wait_for("the spool", lambda: again.heard("wait in the spool and go first"))
    world.wire.ask(25, 5)
    time.sleep(1)
    assert again.stop() == 0
    assert world.whole() == set(range(30))
    assert world.missing() == {}


def test_what_a_kill_loses_is_told_by_the_next_start(world: World) -> None:
    agent = world.agent()
    world.wire.ask(0, 5)
    time.sleep(1.5)
    before_us = time.time_ns() // 1_000
    world.broker.kill_node(1)
    world.wire.ask(5, 5)
    time.sleep(1.5)
    agent.process.kill()
    agent.process.wait()
    world.revive()
    again = world.agent()
    wait_for("the loss", lambda: again.heard("the last run did not end cleanly"))
    world.wire.ask(10, 5)
    time.sleep(1)
    assert again.stop() == 0
    assert world.whole() == {*range(5), *range(10, 15)}
    (entry,) = world.missing()["agent_restart"]
    since_us, until_us = map(int, entry.id.rpartition("/")[2].split("-"))
    assert entry.at_us == since_us
    assert before_us - 2_000_000 < since_us < before_us + 2_000_000 < until_us


def test_a_full_disk_under_the_spool_is_said_counted_and_survived(world: World) -> None:
    spool = world.data / "agent" / "agents" / "tap" / "spool"
    spool.mkdir(parents=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(spool)], check=True)
    try:
        agent = world.agent()
        world.broker.kill_node(1)
        for number in range(12):
            world.wire.ask(number, 1, size=4_000_000)
        wait_for("the warning", lambda: agent.heard("no space left on device; packets are lost"))
        assert agent.process.poll() is None
        world.revive()
        wait_for("the end of the trouble", lambda: agent.heard("the spool is empty again"))
        world.wire.ask(20, 5)
        time.sleep(1)
        assert agent.stop() == 0
    finally:
        subprocess.run(["umount", str(spool)], check=True)
    assert set(range(20, 25)) <= world.whole()
    entries = world.missing()["spool_full"]
    assert sum(entry.missing["spool_full"].bytes for entry in entries) > 4_000_000
    assert agent.said.read_text().count("no space left") == 1


def test_a_folder_that_nobody_may_enter_is_told_before_the_start(world: World) -> None:
    closed = world.data / "closed"
    closed.mkdir(mode=0o700)
    ran = subprocess.run(
        [sys.executable, "-m", "services.capture", "--interface", world.wire.interface,
         "--kafka", world.broker.bootstrap, "--data", str(closed / "agent")],
        cwd=TREE, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert ran.returncode == 2
    assert "cannot write to" in ran.stderr
    assert ran.stderr.count("\n") == 1


@pytest.mark.parametrize("how", ["down", "delete"])
def test_an_interface_that_goes_away_ends_the_agent(world: World, how: str) -> None:
    agent = world.agent()
    world.wire.ask(0, 5)
    name = world.wire.interface
    ip("link", *(["set", name, "down"] if how == "down" else ["delete", name]))
    assert agent.process.wait(30) == 1
    assert agent.heard("the interface went away")
    assert world.whole() == set(range(5))


def test_two_agents_do_not_share_a_folder(world: World) -> None:
    agent = world.agent()
    settings = Settings(data=world.data / "agent")
    second = subprocess.run(
        [sys.executable, "-m", "services.capture", "--interface", world.wire.interface,
         "--agent", "tap", "--kafka", world.broker.bootstrap, "--data", str(settings.data)],
        cwd=TREE, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert second.returncode == 1
    assert second.stderr.startswith("sidetap capture: another agent already uses ")
    assert agent.stop() == 0
