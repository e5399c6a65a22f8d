"""Where the last `sidetap up` can be found, so that other commands need no address.

In:     what `up` started.
Out:    the address of its Kafka.
Keeps:  one small file in the user's state folder, removed at a clean stop.
"""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Running:
    """What `up` started."""

    pid: int
    bootstrap: str
    data: str
    health: dict[str, str]
    """Worker → address of its /ready and /metrics."""


def state_folder() -> Path:
    """XDG_STATE_HOME/sidetap."""
    said = os.environ.get("XDG_STATE_HOME")
    return (Path(said) if said else Path.home() / ".local" / "state") / "sidetap"


def announce(running: Running) -> None:
    """Let other commands find it."""
    path = state_folder() / "running.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(asdict(running)) + "\n")


def found() -> Running | None:
    """What runs now; None where nothing does."""
    try:
        running = Running(**json.loads((state_folder() / "running.json").read_text()))
        os.kill(running.pid, 0)
    except PermissionError:
        return running  # It runs, as somebody else.
    except (OSError, ValueError, TypeError):
        return None
    return running


def withdraw(pid: int) -> None:
    """Take back what this process announced."""
    running = found()
    if running and running.pid == pid:
        (state_folder() / "running.json").unlink(missing_ok=True)


def address(said: str | None) -> str | None:
    """The Kafka that was named, else that of what runs here; None: neither."""
    running = found()
    return said or (running.bootstrap if running else None)
