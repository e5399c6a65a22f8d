"""What runs is found by whoever asks, and nothing else is taken for it."""

import json
import os
from pathlib import Path

import pytest

from services.cli import running
from services.cli.running import Running, announce, found, withdraw

MINE = Running(os.getpid(), "127.0.0.1:9092", "/data", {"detect-0": "127.0.0.1:1"})


@pytest.fixture(autouse=True)
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "own"))
    monkeypatch.setattr(running, "FOR_ALL", tmp_path / "run")


def test_what_was_announced_is_found_until_it_is_withdrawn() -> None:
    assert found() is None
    announce(MINE)
    seen = found()
    assert seen is not None
    assert (seen.pid, seen.bootstrap, seen.health) == (MINE.pid, MINE.bootstrap, MINE.health)
    withdraw(MINE.pid + 1)
    assert found() is not None
    withdraw(MINE.pid)
    assert found() is None


def test_what_root_runs_is_found_by_everybody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XDG_STATE_HOME")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    announce(MINE)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    seen = found()
    assert seen is not None
    assert seen.bootstrap == MINE.bootstrap


@pytest.mark.parametrize("started", ["", "1"])
def test_another_process_under_its_number_is_not_it(tmp_path: Path, started: str) -> None:
    announce(MINE)
    path = tmp_path / "own" / "sidetap" / "running.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "started": started}))
    assert found() is None
