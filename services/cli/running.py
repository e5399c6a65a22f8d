"""Where the last `sidetap up` can be found, so that other commands need no address.

In:     what `up` started.
Out:    the address of its Kafka.
Keeps:  one small file in the user's state folder, or in /run where root runs it, removed at a
        clean stop.
"""

import json
import os
from dataclasses import asdict, dataclass, replace
from pathlib import Path

# Under sudo the one who starts it and those who ask have different homes.
FOR_ALL = Path("/run/sidetap")


@dataclass(frozen=True, slots=True)
class Running:
    """What `up` started."""

    pid: int
    bootstrap: str
    data: str
    health: dict[str, str]
    """Worker → address of its /ready and /metrics."""
    started: str = ""
    """When, as the kernel counts: another process may have the number by now."""


def state_folder() -> Path:
    """XDG_STATE_HOME/sidetap."""
    said = os.environ.get("XDG_STATE_HOME")
    return (Path(said) if said else Path.home() / ".local" / "state") / "sidetap"


def announce(running: Running) -> None:
    """Let other commands find it: the user's own, everybody's where root runs it."""
    path = _folders()[0] / "running.json"
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o755)
    text = json.dumps(asdict(replace(running, started=_started(running.pid))))
    fresh = path.with_name(f"{path.name}.{running.pid}")
    fresh.write_text(text + "\n")
    fresh.replace(path)


def found() -> Running | None:
    """What runs now; None where nothing does."""
    return next((running for folder in _folders() if (running := _read(folder))), None)


def withdraw(pid: int) -> None:
    """Take back what this process announced."""
    folder = _folders()[0]
    running = _read(folder)
    if running and running.pid == pid:
        (folder / "running.json").unlink(missing_ok=True)


def _folders() -> list[Path]:
    """Where to look, one's own first. What root announces holds no secret and is for everybody."""
    own = [] if os.geteuid() == 0 and not os.environ.get("XDG_STATE_HOME") else [state_folder()]
    return [*own, FOR_ALL]


def _read(folder: Path) -> Running | None:
    try:
        running = Running(**json.loads((folder / "running.json").read_text()))
    except (OSError, ValueError, TypeError):
        return None
    return running if running.started and _started(running.pid) == running.started else None


def _started(pid: int) -> str:
    """A process's start in clock ticks (proc(5), stat 22); empty: there is none."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return ""


def address(said: str | None) -> str | None:
    """The Kafka that was named, else that of what runs here; None: neither."""
    running = found()
    return said or (running.bootstrap if running else None)
