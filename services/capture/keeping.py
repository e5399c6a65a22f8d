"""What an agent remembers between runs: small JSON files, replaced whole.

A file that a kill left half-written never takes the place of the old one.
"""

import json
from pathlib import Path
from typing import Any


def load(path: Path) -> dict[str, Any]:
    """What was saved; empty when nothing was, or when it cannot be read as JSON."""
    try:
        found = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def save(path: Path, value: dict[str, Any]) -> None:
    """Replace a file whole. Raises OSError, for instance on a full disk."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    beside = path.with_suffix(".new")
    beside.write_text(json.dumps(value))
    beside.replace(path)
