"""One run of an agent, by name: two runs with one name send the same blocks."""

import hashlib
import json
import secrets
from pathlib import Path

# 128 bits: no two files or starts ever share one.
EPOCH_HEX = 32
_CHUNK_BYTES = 1024 * 1024


def of_file(path: Path, settings: dict[str, object]) -> str:
    """The hash of a file's content and of all settings that shape its blocks.

    Raises OSError when the file cannot be read.
    """
    digest = hashlib.sha256(json.dumps(settings, sort_keys=True).encode())
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()[:EPOCH_HEX]


def drawn() -> str:
    """A name for a live run, which nobody can repeat."""
    return secrets.token_hex(EPOCH_HEX // 2)
