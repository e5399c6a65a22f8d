"""Children are started again after a death, not after a refusal, and stopped in order."""

import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from services.cli.supervisor import BACK_OFF_S, Child, Supervisor


class Clock:
    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def until(condition: Callable[[], bool], seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.01)


def dead(child: Child) -> Callable[[], bool]:
    return lambda: child.process is not None and child.process.poll() is not None


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def supervisor(tmp_path: Path, said: list[str], clock: Clock) -> Iterator[Supervisor]:
    made = Supervisor(tmp_path / "logs", said.append, clock)
    yield made
    for child in made.children:
        if child.process:
            child.process.kill()
            child.process.wait()


def test_a_death_is_one_line_and_a_new_start_after_a_pause(
    supervisor: Supervisor, said: list[str], clock: Clock
) -> None:
    child = Child("detect-1", python("import os; os.kill(os.getpid(), 6)"))
    supervisor.add(child)
    until(dead(child))
    supervisor.look()
    assert child.process is None
    assert len(said) == 1
    assert said[0] == "detect-1 ended (SIGABRT), again in 0.5 s: it said nothing"
    clock.now_s += BACK_OFF_S[0]
    supervisor.look()
    assert child.process is not None
    assert child.restarts == 1


def test_pauses_grow_and_a_long_life_resets_them(
    supervisor: Supervisor, said: list[str], clock: Clock
) -> None:
    child = Child("detect-1", python("raise SystemExit(7)"))
    supervisor.add(child)
    for expected_s in (0.5, 1, 2):
        until(dead(child))
        supervisor.look()
        assert f"again in {expected_s:g} s" in said[-1]
        clock.now_s += expected_s
        supervisor.look()
    clock.now_s += 61
    until(dead(child))
    supervisor.look()
    assert "again in 0.5 s" in said[-1]


def test_a_refusal_is_told_with_its_sentence_and_not_tried_again(
    supervisor: Supervisor, said: list[str]
) -> None:
    child = Child(
        "export", python("import sys; print('[export]: no key', file=sys.stderr); sys.exit(2)")
    )
    supervisor.add(child)
    until(dead(child))
    supervisor.look()
    assert said == ["export refused to run: [export]: no key"]
    assert supervisor.refused() == said[0]
    assert child.due_s is None


def test_the_agent_of_a_file_may_end(supervisor: Supervisor, said: list[str]) -> None:
    child = Child("capture", python("pass"), once=True)
    supervisor.add(child)
    until(dead(child))
    supervisor.look()
    assert child.done
    assert not said


def test_stop_reaches_every_child_and_ends_one_that_does_not_listen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.cli.supervisor.STOP_S_MAX", 0.5)
    said: list[str] = []
    supervisor = Supervisor(tmp_path, said.append)
    ready = "import time; print('up', flush=True); time.sleep(60)"
    deaf = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); " + ready
    children = [Child("capture", python(ready)), Child("detect-1", python(deaf))]
    for child in children:
        supervisor.add(child)
    processes = [child.process for child in children]
    until(lambda: all(supervisor.last_words(child) == "up" for child in children))
    supervisor.stop()
    codes = [process.returncode for process in processes if process]
    assert codes == [-signal.SIGTERM, -signal.SIGKILL]
    assert said == ["detect-1 did not stop within 0 s: ended"]


def test_a_log_that_grew_too_long_is_kept_beside_a_new_one(
    supervisor: Supervisor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.cli.supervisor.LOG_BYTES_MAX", 1_000)
    child = Child("detect-1", python("print('x' * 2000 + '!', flush=True)"), once=True)
    supervisor.add(child)
    log, kept = tmp_path / "logs" / "detect-1.log", tmp_path / "logs" / "detect-1.log.1"
    until(dead(child))
    supervisor.look()
    assert kept.read_text().strip().endswith("!")
    assert log.stat().st_size == 0
    assert supervisor.last_words(child) == "it said nothing"
