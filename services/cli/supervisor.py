"""Keeps the services of one machine running: crash-only, so a death is followed by a new start.

In:     commands, in the order in which data flows.
Out:    what happened to them, one line each.
Keeps:  one process and one log file a command.

Ctrl-C reaches us alone (each child has a session of its own); they are stopped from the source
of the data to its end, so that what was captured is still worked off.
"""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from services.runtime.children import dies_with_us

# A service that dies at once would otherwise fill its log and the broker with its starts.
BACK_OFF_S = (0.5, 1.0, 2.0, 5.0, 10.0)
# One that lived so long died of something else than its start.
SETTLED_S = 60.0
# A worker finishes its transaction; Kafka gives it 10 s before it is fenced anyway.
STOP_S_MAX = 8.0
LOG_BYTES_MAX = 16 * 1024 * 1024
LAST_WORDS_BYTES = 4_096
# The exit code of refused settings or input (services/cli/refusal.py): trying again is no use.
REFUSED = 2


@dataclass(slots=True)
class Child:
    """One command that shall run. `once`: its clean end is fine (the agent of a file)."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    once: bool = False
    process: subprocess.Popen[bytes] | None = None
    started_s: float = 0.0
    restarts: int = 0
    failures: int = 0
    due_s: float | None = None
    done: bool = False


class Supervisor:
    """All children of one `sidetap up`."""

    def __init__(
        self,
        logs: Path,
        say: Callable[[str], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        logs.mkdir(parents=True, exist_ok=True)
        self._logs = logs
        self._say = say
        self._clock = clock
        self.children: list[Child] = []

    def add(self, child: Child) -> None:
        """Start one more."""
        self.children.append(child)
        self._start(child)

    def look(self) -> None:
        """Restart what died and whose time has come; call it a few times a second."""
        for child in self.children:
            self._turn(self._log(child))
            if child.process is not None and child.process.poll() is not None:
                self._ended(child, child.process.returncode)
            if child.due_s is not None and self._clock() >= child.due_s:
                child.restarts += 1
                self._start(child)

    def refused(self) -> str | None:
        """Why a child that will not start again gave up; None: none did."""
        for child in self.children:
            if child.done and child.failures:
                return f"{child.name} refused to run: {self.last_words(child)}"
        return None

    def stop(self) -> None:
        """Stop all in order, within STOP_S_MAX each kind at the worst."""
        for name in dict.fromkeys(child.name.split("-")[0] for child in self.children):
            self.stop_only(lambda child, name=name: child.name.split("-")[0] == name)  # type: ignore[misc]

    def stop_only(self, wanted: Callable[[Child], bool]) -> None:
        """Stop some, together."""
        chosen = [c for c in self.children if c.process is not None and wanted(c)]
        for child in chosen:
            child.due_s, child.done = None, True
            assert child.process is not None
            child.process.send_signal(signal.SIGTERM)
        deadline = self._clock() + STOP_S_MAX
        for child in chosen:
            assert child.process is not None
            try:
                child.process.wait(max(0.1, deadline - self._clock()))
            except subprocess.TimeoutExpired:
                self._say(f"{child.name} did not stop within {STOP_S_MAX:.0f} s: ended")
                child.process.kill()
                child.process.wait()
            child.process = None

    def last_words(self, child: Child) -> str:
        """The last line of its log."""
        path = self._log(child)
        if not path.exists():
            return "it said nothing"
        with path.open("rb") as log:
            log.seek(max(0, path.stat().st_size - LAST_WORDS_BYTES))
            lines = log.read().decode(errors="replace").strip().splitlines()
        return lines[-1][:300] if lines else "it said nothing"

    def _log(self, child: Child) -> Path:
        return self._logs / f"{child.name}.log"

    def _turn(self, path: Path) -> None:
        """Keep a log that grew too long as NAME.log.1; its writer appends, so it goes on anew."""
        if path.exists() and path.stat().st_size > LOG_BYTES_MAX:
            shutil.copyfile(path, path.with_name(f"{path.name}.1"))
            os.truncate(path, 0)

    def _start(self, child: Child) -> None:
        path = self._log(child)
        with path.open("ab") as log:
            child.process = subprocess.Popen(
                [*dies_with_us(), *child.command],
                env={**os.environ, **child.environment},
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        child.started_s, child.due_s = self._clock(), None

    def _ended(self, child: Child, code: int) -> None:
        child.process = None
        if child.once and code == 0:
            child.done = True
            return
        if self._clock() - child.started_s > SETTLED_S:
            child.failures = 0
        child.failures += 1
        if code == REFUSED:
            child.done = True
            self._say(f"{child.name} refused to run: {self.last_words(child)}")
            return
        wait_s = BACK_OFF_S[min(child.failures, len(BACK_OFF_S)) - 1]
        child.due_s = self._clock() + wait_s
        words = self.last_words(child)
        self._say(f"{child.name} ended ({_how(code)}), again in {wait_s:g} s: {words}")


def _how(code: int) -> str:
    return f"exit code {code}" if code >= 0 else signal.Signals(-code).name
