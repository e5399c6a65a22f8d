"""Apache Kafka on this machine, without Docker: one node, or three for tests of failover.

In:     an Installation (services/runtime/kafka_jars.py), a data folder, a port.
Out:    `bootstrap` for clients, on loopback only.
Keeps:  per node a folder with its log segments, its process id and what it says (server.log).
"""

import base64
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from services.runtime.children import dies_with_us
from services.runtime.kafka_jars import Installation, KafkaError, install

HOST = "127.0.0.1"
# A start takes 3 to 5 s on two free cores; a machine that is building at the same time needs more.
START_S_MAX = 90
# A clean stop flushes and closes every partition; after that it is ended hard.
STOP_S_MAX = 20
HEAP_MB = 256
CLUSTER_ID = base64.urlsafe_b64encode(b"sidetap-local-01").decode().rstrip("=")
# server.properties of every node; its own lines follow. docs/decisions/0010 gives the reasons.
SETTINGS = """
process.roles=broker,controller
listener.security.protocol.map=BROKER:PLAINTEXT,CONTROLLER:PLAINTEXT
inter.broker.listener.name=BROKER
controller.listener.names=CONTROLLER
auto.create.topics.enable=false
message.max.bytes=5308416
replica.fetch.max.bytes=5308416
log.cleaner.dedupe.buffer.size=4194304
log.cleaner.io.buffer.size=5308416
log.initial.task.delay.ms=5000
offsets.topic.num.partitions=8
transaction.state.log.num.partitions=8
transaction.abort.timed.out.transaction.cleanup.interval.ms=1000
group.initial.rebalance.delay.ms=100
num.network.threads=2
num.io.threads=4
background.threads=2
queued.max.requests=64
"""


@dataclass(slots=True)
class _Node:
    number: int
    folder: Path
    port: int
    controller_port: int
    process: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> Path:
        return self.folder / "server.log"

    @property
    def pid_file(self) -> Path:
        return self.folder / "pid"


class LocalKafka:
    """A cluster of `nodes` on loopback. Without `data` it is a temporary one.

    `port` is the first node's; 0 chooses free ones. Start and stop may be called for single
    nodes too, to see a cluster lose one.
    """

    def __init__(
        self,
        nodes: int = 1,
        data: Path | None = None,
        *,
        port: int = 0,
        heap_mb: int = HEAP_MB,
        jvm: Sequence[str] = (),
        installation: Installation | None = None,
    ) -> None:
        self._temporary = data is None
        self.data = data or Path(tempfile.mkdtemp(prefix="sidetap-kafka-"))
        self._heap_mb = heap_mb
        self._jvm = jvm
        self._installation = installation
        ports = _free_ports(2 * nodes)
        if port:
            ports[0] = port
        self.nodes = [
            _Node(i + 1, self.data / f"node-{i + 1}", ports[i], ports[nodes + i])
            for i in range(nodes)
        ]

    @property
    def bootstrap(self) -> str:
        """For bootstrap.servers."""
        return ",".join(f"{HOST}:{node.port}" for node in self.nodes)

    def start(self) -> "LocalKafka":
        """Start every node and wait until all of them serve. Raises KafkaError."""
        self._installation = self._installation or install()
        for node in self.nodes:
            _refuse_taken(node)
        try:
            for node in self.nodes:
                self.start_node(node.number)
            self.wait(len(self.nodes))
        except BaseException:
            self.stop()
            raise
        return self

    def start_node(self, number: int) -> None:
        """Start one node without waiting for it."""
        node = self.nodes[number - 1]
        assert self._installation is not None, "the cluster has not been started"
        self._prepare(node)
        settings = node.folder / "server.properties"
        command = self._installation.command(heap_mb=self._heap_mb, more=self._jvm)
        with node.log.open("ab") as log:
            # A session of its own: Ctrl-C reaches us, and we stop everything in order. Where we
            # are ended before, it stops cleanly by itself.
            node.process = subprocess.Popen(
                [*dies_with_us("TERM"), *command, "kafka.Kafka", str(settings)],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        node.pid_file.write_text(str(node.process.pid))

    def wait(self, nodes: int) -> None:
        """Until so many nodes answer. Raises KafkaError."""
        deadline = time.monotonic() + START_S_MAX
        admin = AdminClient({"bootstrap.servers": self.bootstrap, "log_level": 0})
        while time.monotonic() < deadline:
            for node in self.nodes:
                if node.process and node.process.poll() is not None:
                    raise KafkaError(f"Kafka ended while it started: {_last_words(node.log)}")
            try:
                if len(admin.list_topics(timeout=1).brokers) >= nodes:
                    return
            except KafkaException:
                continue  # not there yet
            time.sleep(0.05)
        raise KafkaError(f"Kafka did not answer within {START_S_MAX} s; see {self.nodes[0].log}")

    def stop(self) -> None:
        """Stop every node cleanly; a temporary cluster's data goes with it."""
        for node in self.nodes:
            if node.process:
                node.process.send_signal(signal.SIGTERM)
        for node in self.nodes:
            self._reap(node)
        if self._temporary:
            shutil.rmtree(self.data, ignore_errors=True)

    def kill_node(self, number: int) -> None:
        """End one node as a power cut would."""
        node = self.nodes[number - 1]
        if node.process:
            node.process.kill()
            self._reap(node)

    def _reap(self, node: _Node) -> None:
        if node.process is None:
            return
        try:
            node.process.wait(STOP_S_MAX)
        except subprocess.TimeoutExpired:
            node.process.kill()
            node.process.wait()
        node.process = None
        node.pid_file.unlink(missing_ok=True)

    def _prepare(self, node: _Node) -> None:
        """Folder, settings and, the first time, a formatted storage (KIP-833, KIP-858)."""
        assert self._installation is not None
        storage = node.folder / "log"
        if not (storage / "meta.properties").exists():
            storage.mkdir(parents=True, exist_ok=True)
            shutil.copy(self._installation.template, storage / "bootstrap.checkpoint")
            directory = base64.urlsafe_b64encode(os.urandom(16)).decode().rstrip("=")
            (storage / "meta.properties").write_text(
                f"version=1\ncluster.id={CLUSTER_ID}\nnode.id={node.number}\n"
                f"directory.id={directory}\n"
            )
        copies = min(3, len(self.nodes))
        voters = ",".join(f"{n.number}@{HOST}:{n.controller_port}" for n in self.nodes)
        (node.folder / "server.properties").write_text(
            f"{SETTINGS}node.id={node.number}\n"
            f"controller.quorum.voters={voters}\n"
            f"listeners=BROKER://{HOST}:{node.port},CONTROLLER://{HOST}:{node.controller_port}\n"
            f"log.dirs={storage}\n"
            f"default.replication.factor={copies}\n"
            f"min.insync.replicas={max(1, copies - 1)}\n"
            f"offsets.topic.replication.factor={copies}\n"
            f"transaction.state.log.replication.factor={copies}\n"
            f"transaction.state.log.min.isr={max(1, copies - 1)}\n"
        )


def _free_ports(count: int) -> list[int]:
    """Ports that nobody listens on now, all different."""
    held = [socket.socket() for _ in range(count)]
    try:
        for each in held:
            each.bind((HOST, 0))
        return [each.getsockname()[1] for each in held]
    finally:
        for each in held:
            each.close()


def _refuse_taken(node: _Node) -> None:
    """A broker of an earlier run, or a port that is taken, is told before anything starts."""
    if pid := left_over(node.folder):
        raise KafkaError(
            f"Kafka still runs on {node.folder} as process {pid}, left by an earlier run:"
            f" stop it with `kill {pid}`"
        )
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, node.port))
        except OSError as error:
            raise KafkaError(
                f"port {node.port} is taken: choose another with --port, or use what listens there"
                f" with --kafka {HOST}:{node.port}"
            ) from error


def left_over(folder: Path) -> int | None:
    """Process id of a broker that still runs on this node's folder, though we did not start it."""
    try:
        pid = int((folder / "pid").read_text())
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except (OSError, ValueError):
        return None
    return pid if str(folder).encode() in command else None


def _last_words(log: Path) -> str:
    lines = log.read_text(errors="replace").strip().splitlines()
    telling = [line for line in lines if "ERROR" in line or "Exception" in line]
    return (telling or lines or ["it said nothing"])[-1][:300]
