"""Worker processes that die as planned and are started again, as a supervisor would.

In:     a plan: which service, which point, how often.
Out:    how often each point was hit, the ends that follow from that, and every other death.
Keeps:  two workers of each service, and what each is to die of.
"""

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter, deque
from dataclasses import dataclass, field
from pathlib import Path

from confluent_kafka import KafkaError

from services.runtime.faults import POINTS, VARIABLE
from services.runtime.run import UNEXPECTED

SERVICES = ("reassembly", "detect", "browsing", "discovery")
TREE = Path(__file__).parent.parent.parent
# A planned point that is not reached in this time (no rows to restore, no records) is put back.
PATIENCE_S = 20
SESSION_MS = 6_000
# Long enough for the session to end and a rebalance to give everything to the others.
STOPPED_S = SESSION_MS / 1000 + 3
# In batches of 50 ms and in rows.
NTH_MAX = {"before_produce": 5, "in_transaction": 5, "after_commit": 5, "in_restore": 20}
# What Kafka tells a worker whose open transaction it took back, or whose name another one took.
# It ends then with 3 by design, and the next start is right (docs/decisions/0011).
TAKEN_BACK = tuple(
    KafkaError(code).str()
    for code in (
        KafkaError._FENCED,
        KafkaError.INVALID_PRODUCER_EPOCH,
        KafkaError.INVALID_PRODUCER_ID_MAPPING,
        KafkaError.INVALID_TXN_STATE,
        KafkaError.FENCED_INSTANCE_ID,
    )
)
# Workers may end with 3 so long after a broker went or came: Kafka answers whom it answers.
SHAKEN_S = 60


@dataclass(slots=True)
class Slot:
    """One worker's place."""

    service: str
    number: int
    process: subprocess.Popen[bytes] | None = None
    plan: str = ""
    since_s: float = 0.0
    stopped_s: float | None = None
    awake_s: float | None = None
    killed: bool = False
    """By the harness, without a plan: it had waited in vain, or was a zombie long enough."""

    def kill(self) -> None:
        """Make room for the next plan."""
        assert self.process is not None
        self.process.kill()
        self.killed = True


@dataclass
class Fleet:
    """All workers. `kills` planned for each service and point; `zombies` for each service."""

    bootstrap: str
    logs: Path
    seed: int
    kills: int
    zombies: int
    workers: int = 2
    hits: Counter[tuple[str, str]] = field(default_factory=Counter)
    restarts: Counter[str] = field(default_factory=Counter)
    unplanned: list[str] = field(default_factory=list)
    shaken_s: float = -SHAKEN_S

    def __post_init__(self) -> None:
        self.dice = random.Random(self.seed)
        self.slots = [Slot(name, n) for name in SERVICES for n in range(self.workers)]
        self.planned: dict[str, deque[str]] = {}
        for name in SERVICES:
            points = [f"{point}:KILL" for point in POINTS for _ in range(self.kills)]
            points += ["in_transaction:STOP"] * self.zombies
            self.dice.shuffle(points)
            self.planned[name] = deque(points)

    def left(self) -> int:
        """Faults still to come."""
        waiting = sum(len(points) for points in self.planned.values())
        return waiting + sum(bool(slot.plan) for slot in self.slots)

    def tend(self) -> None:
        """Start what is not running, wake what was stopped, count what was hit."""
        now_s = time.monotonic()
        for slot in self.slots:
            if slot.process is None:
                self._start(slot)
            elif slot.process.poll() is not None:
                self.buried(slot, slot.process.returncode)
            elif slot.plan.endswith("STOP"):
                self._wake(slot, now_s)
            elif slot.awake_s is not None and now_s - slot.awake_s > STOPPED_S:
                slot.kill()
            elif slot.plan and now_s - slot.since_s > PATIENCE_S:
                self.planned[slot.service].append(slot.plan)
                slot.plan = ""
                slot.kill()
            elif not slot.plan and slot.awake_s is None and self.planned[slot.service]:
                # Scaling down gave a plan back when nobody who stays was about to start.
                slot.kill()

    def _start(self, slot: Slot) -> None:
        points = self.planned[slot.service]
        slot.plan = points.popleft() if points else ""
        point, _, how = slot.plan.partition(":")
        nth = self.dice.randint(1, NTH_MAX[point]) if point else 0
        environment = {
            **os.environ,
            "SIDETAP_WORKER__SESSION_TIMEOUT_MS": str(SESSION_MS),
            "SIDETAP_WORKER__TRANSACTION_TIMEOUT_MS": "5000",
        }
        if point:
            environment[VARIABLE] = f"{point}:{nth}:{how}"
        command = [sys.executable, "-m", f"services.{slot.service}", "--kafka", self.bootstrap,
                   "--slot", str(slot.number)]  # fmt: skip
        with self._log(slot).open("ab") as log:
            slot.process = subprocess.Popen(
                command, cwd=TREE, env=environment, stdin=subprocess.DEVNULL, stderr=log
            )
        slot.since_s = time.monotonic()

    def _log(self, slot: Slot) -> Path:
        return self.logs / f"{slot.service}-{slot.number}.log"

    def buried(self, slot: Slot, code: int) -> None:
        """Count the end of a slot's process, and make the slot free."""
        slot.process = None
        if code == -signal.SIGKILL and slot.plan:
            self.hits[slot.service, slot.plan] += 1
        elif not slot.killed:
            self._ended(slot, code)
        slot.plan, slot.stopped_s, slot.awake_s, slot.killed = "", None, None, False

    def _ended(self, slot: Slot, code: int) -> None:
        """By itself: as Kafka's transactions have it, or for a reason that nobody planned."""
        if slot.plan and slot.stopped_s is None:
            self.planned[slot.service].append(slot.plan)
        lines = self._log(slot).read_text(errors="replace").strip().splitlines() or [""]
        cause = end_by_design(code, lines[-1])
        if not cause and code == UNEXPECTED:
            if slot.stopped_s is not None:
                cause = "stopped past its session"
            elif time.monotonic() - self.shaken_s < SHAKEN_S:
                cause = "a broker went or came"
        if cause:
            self.restarts[f"{slot.service}: {cause}"] += 1
        else:
            self.unplanned.append(f"{slot.service}-{slot.number} ended with {code}: {lines[-1]}")

    def _wake(self, slot: Slot, now_s: float) -> None:
        assert slot.process is not None
        state = Path(f"/proc/{slot.process.pid}/stat").read_text().rpartition(")")[2].split()[0]
        if slot.stopped_s is None and state == "T":
            slot.stopped_s = now_s
            self.hits[slot.service, slot.plan] += 1
        elif slot.stopped_s is not None and now_s - slot.stopped_s > STOPPED_S:
            slot.process.send_signal(signal.SIGCONT)
            # Whether it ends now or goes on, both are right; then it makes room for the next plan.
            slot.plan, slot.awake_s = "", now_s

    def scale(self, workers: int) -> None:
        """From now on so many of each; those who leave are told to."""
        for slot in self.slots:
            if slot.number >= workers and slot.process is not None:
                if slot.plan:
                    self.planned[slot.service].append(slot.plan)
                _end(slot.process)
        known = {(slot.service, slot.number) for slot in self.slots}
        self.slots = [slot for slot in self.slots if slot.number < workers]
        self.slots += [
            Slot(name, n) for name in SERVICES for n in range(workers) if (name, n) not in known
        ]

    def stop(self) -> None:
        """Stop everyone."""
        for slot in self.slots:
            if slot.process is not None:
                _end(slot.process)
                slot.process = None


def _end(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGCONT)
    process.terminate()
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def end_by_design(code: int, said: str) -> str:
    """Kafka's sentence that is a reason to end and be started again; empty: there is none."""
    if code != UNEXPECTED:
        return ""
    return next((sentence for sentence in TAKEN_BACK if sentence in said), "")
