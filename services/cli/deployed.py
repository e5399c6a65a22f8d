"""Every service of one machine as child processes, and what they find.

In:     a Kafka with its topics.
Out:    lines for people, and a live table where there is a terminal.
Keeps:  the supervisor and the board.
"""

import socket
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from confluent_kafka import OFFSET_BEGINNING, OFFSET_END, Consumer, TopicPartition

from schemas.topics import topics
from services.cli.board import TOPICS, Board, console, take_all
from services.cli.local_http import answer
from services.cli.refusal import RefusedError
from services.cli.stored import store_url
from services.cli.supervisor import Child, Supervisor
from services.runtime.clients import consuming
from services.runtime.run import kafka_settings
from services.runtime.settings import load

if TYPE_CHECKING:
    from rich.live import Live

SERVICES = ("reassembly", "detect", "browsing", "discovery", "export")
STORE = "discovery.store"
LOOK_S = 0.25
RECORDS_A_LOOK = 2_000
READY_S_MAX = 60.0
INVENTORY = "endpoints"
NO_SETTINGS: Mapping[str, str] = {}
LOOPBACK = "127.0.0.1"

Say = Callable[[str], None]
Stopping = Callable[[], bool]


class Deployed:
    """One deployment under this process."""

    def __init__(
        self,
        folder: Path,
        bootstrap: str,
        workers: int,
        say: Say,
        settings: Mapping[str, str] = NO_SETTINGS,
    ) -> None:
        """`settings` are SIDETAP_SECTION__NAME variables for every service."""
        self.logs = folder / "logs"
        self.workers = workers
        self.board = Board()
        self.health = _health_addresses(workers)
        """Worker → address of its /live, /ready and /metrics."""
        self._folder = folder
        self._bootstrap = bootstrap
        self._say = say
        self._settings = settings
        self._supervisor = Supervisor(self.logs, self._tell)
        self._live: Live | None = None
        self._agents = 0
        kafka = kafka_settings(load(), bootstrap)
        self._reader = Consumer(consuming(kafka, group_id="sidetap-up"))
        # What was found before is the past; the inventory is the present.
        self._reader.assign(
            [
                TopicPartition(
                    name, number, OFFSET_BEGINNING if name == "endpoints" else OFFSET_END
                )
                for name in TOPICS
                for number in range(topics()[name].partitions)
            ]
        )

    def start_services(self) -> None:
        """Start every worker and wait until each has its partitions."""
        began = time.monotonic()
        for name in SERVICES:
            for slot in range(self.workers):
                port = self.health[f"{name}-{slot}"].rpartition(":")[2]
                self._supervisor.add(
                    Child(
                        f"{name}-{slot}",
                        self._command(name, "--slot", str(slot)),
                        {"SIDETAP_WORKER__HTTP_PORT": port, **self._environment(name)},
                    )
                )
        self._start_store()
        waiting = set(self.health)
        while waiting and time.monotonic() - began < READY_S_MAX:
            self._supervisor.look()
            self._raise_refused()
            waiting = {name for name in waiting if not _ready(self.health[name])}
            time.sleep(LOOK_S)
        after_s = time.monotonic() - began
        late = f"; still waiting for {', '.join(sorted(waiting))}" if waiting else ""
        self._say(f"{len(self.health) - len(waiting)} workers ready after {after_s:.1f} s{late}")

    def _start_store(self) -> None:
        """The inventory's database: one process, for there is one database."""
        port = self.health[STORE].rpartition(":")[2]
        more = {"SIDETAP_WORKER__HTTP_PORT": port, **self._environment(STORE)}
        self._supervisor.add(Child(STORE, self._command(STORE), more))

    def processes(self) -> dict[str, int]:
        """Process ids of what runs now, by worker."""
        children = self._supervisor.children
        return {c.name: c.process.pid for c in children if c.process and c.process.poll() is None}

    def capture(self, interfaces: Sequence[str], files: Sequence[str]) -> None:
        """One more agent, if there is anything to capture from."""
        if not interfaces and not files:
            return
        source = ["--interface", *interfaces] if interfaces else ["--pcap", *files]
        data = self._folder / "capture"
        command = self._command("capture", *source, "--data", str(data))
        name = f"capture-{self._agents}"
        self._agents += 1
        self._supervisor.add(Child(name, command, once=bool(files)))

    def look(self) -> None:
        """Restart what died, take in what was found, renew the table."""
        self._supervisor.look()
        self._raise_refused()
        messages = self._reader.consume(RECORDS_A_LOOK, timeout=LOOK_S)
        good = [(m.key(), m.value()) for m in messages if m.error() is None]
        take_all(self.board, good, (lambda _line: None) if self._live else self._say)
        if self._live is not None:
            self._live.update(self.board.overview())

    def watch(self, stopping: Stopping, seconds: float | None) -> None:
        """Until told to stop, or for so many seconds."""
        end_s = time.monotonic() + seconds if seconds else float("inf")
        with self.live():
            while not stopping() and time.monotonic() < end_s:
                self.look()

    def live(self) -> "nullcontext[None] | _Table":
        """A live table on a terminal; elsewhere findings are said line by line."""
        return _Table(self) if sys.stderr.isatty() else nullcontext()

    def show(self, live: "Live | None") -> None:
        """Where the live table is."""
        self._live = live

    def stop(self) -> None:
        """Agents first, so that what they took is still worked off."""
        self._supervisor.stop()
        self._reader.close()

    def tell(self, line: str) -> None:
        """A line for people, above the live table."""
        self._tell(line)

    def _tell(self, line: str) -> None:
        if self._live is not None:
            self._live.console.print(line)
        else:
            self._say(line)

    def _raise_refused(self) -> None:
        if why := self._supervisor.refused():
            raise RefusedError(f"{why.rstrip('.')}.")

    def _command(self, name: str, *arguments: str) -> list[str]:
        kafka = ["--kafka", self._bootstrap]
        return [sys.executable, "-m", f"services.{name}", *arguments, *kafka]

    def _environment(self, name: str) -> dict[str, str]:
        file = self._folder / "siem" / "ocsf.jsonl"
        more = {"SIDETAP_EXPORT__FILE": str(file)} if name == "export" else {}
        if name == STORE:
            more["SIDETAP_DISCOVERY__STORE"] = store_url(self._folder)
        return {**more, **self._settings}


class _Table:
    """The live table as a context."""

    def __init__(self, deployed: Deployed) -> None:
        from rich.live import Live

        self._deployed = deployed
        self._live = Live(console=console(), refresh_per_second=2, transient=True)

    def __enter__(self) -> None:
        self._live.__enter__()
        self._deployed.show(self._live)

    def __exit__(self, *_: object) -> None:
        self._deployed.show(None)
        self._live.stop()


def _health_addresses(workers: int) -> dict[str, str]:
    """A free port for each worker, chosen here so that `status` knows it."""
    names = [f"{service}-{slot}" for service in SERVICES for slot in range(workers)] + [STORE]
    held = [socket.socket() for _ in names]
    try:
        for each in held:
            each.bind((LOOPBACK, 0))
        ports = [each.getsockname()[1] for each in held]
    finally:
        for each in held:
            each.close()
    return {name: f"{LOOPBACK}:{port}" for name, port in zip(names, ports, strict=True)}


def _ready(address: str) -> bool:
    return answer(address, "/ready") is not None
