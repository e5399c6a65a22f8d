"""The running pipeline: a Kafka and one worker of each service, under traffic made live.

In:     a rate, a folder.
Out:    how long findings take and how many came; the CPU that each service took.
Keeps:  processes and files for as long as it measures.
"""

import os
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from signal import SIGHUP, SIGTERM
from types import FrameType

from confluent_kafka import OFFSET_BEGINNING, Consumer, TopicPartition

from schemas.codec import decode_as
from schemas.topics import topics
from schemas.types import Finding
from services.cli.deployed import Deployed
from services.cli.measure.figures import Case
from services.cli.measure.latency import Latency
from services.cli.measure.live_agent import LiveAgent, Rate, Script, written
from services.cli.output import say
from services.cli.refusal import RefusedError
from services.cli.up import kafka_with_topics
from services.runtime.clients import consuming
from services.runtime.run import kafka_settings
from services.runtime.settings import load

STEP_S = 0.005
# Workers are ready before their first record has been through everything.
BEGIN_AFTER_US = 500_000
# What has not come by then is lost: transactions are taken back after 10 s at the latest.
DRAIN_S_MAX = 30
TICKS_A_S = os.sysconf("SC_CLK_TCK")
CLIENT_THREADS = "(rdk:"
CASE = "through Kafka: "

Measured = tuple[Latency, list[Case]]


def measure(rate: Rate, folder: Path) -> Measured:
    """One run, from starting everything to stopping it. Raises RefusedError."""
    say(f"making {rate.exchanges} exchanges to send at {rate.per_s} a second …")
    script = written(folder / "made.frames", rate)
    with ExitStack() as stack:
        stack.enter_context(_stopped_cleanly())
        bootstrap = stack.enter_context(kafka_with_topics(None, folder, 0))
        deployed = Deployed(folder, bootstrap, 1, say)
        stack.callback(deployed.stop)
        deployed.start_services()
        kafka = kafka_settings(load(), bootstrap)
        return _Run(script, kafka, folder, deployed, stack).measured()


class _Run:
    """What is under way, in one thread: send what is due, hear what was found."""

    def __init__(
        self,
        script: Script,
        kafka: Mapping[str, str],
        folder: Path,
        deployed: Deployed,
        stack: ExitStack,
    ) -> None:
        self._rate = script.rate
        self._deployed = deployed
        self._begin_us = _now_us() + BEGIN_AFTER_US
        self._steady_us = self._begin_us + self._rate.warm_s * 1_000_000
        self._agent = LiveAgent(script, kafka, folder, self._begin_us)
        stack.callback(self._agent.close)
        self._ends_us = {name: self._agent.at_us(frame) for name, frame in script.attacks.items()}
        self._found_us: dict[str, int] = {}
        self._findings = Consumer(consuming(kafka, group_id="sidetap-bench"))
        stack.callback(self._findings.close)
        self._findings.assign(
            [
                TopicPartition("findings", number, OFFSET_BEGINNING)
                for number in range(topics()["findings"].partitions)
            ]
        )

    def measured(self) -> Measured:
        """All of it sent, and everything found or waited for."""
        say(f"warming up for {self._rate.warm_s} s, measuring for {self._rate.steady_s} s …")
        self._step_until(lambda: _now_us() >= self._steady_us)
        before, workers = self._cpu_s(), self._deployed.processes()
        self._step_until(lambda: self._agent.done)
        give_up_s = time.monotonic() + DRAIN_S_MAX
        self._step_until(
            lambda: self._ends_us.keys() <= self._found_us.keys() or time.monotonic() > give_up_s
        )
        if self._deployed.processes() != workers:
            raise RefusedError("a worker ended in the middle of it: nothing was measured.")
        spent = {name: after - before[name] for name, after in self._cpu_s().items()}
        latency = Latency.of(
            self._rate.per_s, self._ends_us, self._found_us, self._steady_us, os.getloadavg()[0]
        )
        return latency, self._cases(spent)

    def _step_until(self, ended: Callable[[], bool]) -> None:
        while not ended():
            self._agent.send_due(_now_us())
            self._listen(time.monotonic() + STEP_S)

    def _listen(self, until_s: float) -> None:
        while (wait_s := until_s - time.monotonic()) > 0:
            message = self._findings.poll(wait_s)
            if message is None or message.error() is not None:
                continue
            at_us = _now_us()
            finding = decode_as(Finding, message.value() or b"")
            if finding.kind == "attack":
                self._found_us.setdefault(finding.endpoint, at_us)

    def _cpu_s(self) -> dict[str, float]:
        """By service. The agent's is without the traffic, and with every Kafka client here."""
        agent = {"capture": self._agent.cpu_s + client_threads_cpu_s()}
        return agent | {
            name.partition("-")[0]: cpu_s(Path("/proc", str(pid)))
            for name, pid in self._deployed.processes().items()
        }

    def _cases(self, spent: Mapping[str, float]) -> list[Case]:
        exchanges = self._rate.per_s * self._rate.steady_s
        named = {**spent, "all": sum(spent.values())}
        return [Case(CASE + name, "exchanges", exchanges, [each]) for name, each in named.items()]


def cpu_s(folder: Path) -> float:
    """CPU seconds that a process with its threads, or one thread, has taken (proc(5), stat)."""
    fields = (folder / "stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_A_S


def client_threads_cpu_s() -> float:
    """Of librdkafka's threads in this process, which it names so."""
    threads = Path("/proc/self/task").iterdir()
    return sum(cpu_s(t) for t in threads if CLIENT_THREADS in (t / "stat").read_text())


def _now_us() -> int:
    return time.time_ns() // 1_000


@contextmanager
def _stopped_cleanly() -> Iterator[None]:
    """Being told to end is like Ctrl-C: what was started is stopped first."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = {number: signal.signal(number, interrupt) for number in (SIGTERM, SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
