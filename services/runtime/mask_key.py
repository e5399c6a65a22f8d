"""The deployment's masking key: one for all services, or tokens of equal values would differ.

In:     the path that the settings name, or none.
Out:    the key.
Keeps:  without a path, a key drawn once for this machine, in the user's state folder.

Several machines need one file on all of them. Who has the file can try values against tokens:
it belongs to the services alone.
"""

import os
import secrets
from collections.abc import Mapping
from pathlib import Path

KEY_BYTES = 32


def mask_key(path: Path | None, environment: Mapping[str, str] = os.environ) -> bytes:
    """Read the key; draw it first where no path is named and none was drawn yet.

    Raises ValueError where a named file cannot be read or is empty.
    """
    if path is None:
        return _drawn(_default_path(environment))
    try:
        key = path.read_bytes().strip()
    except OSError as error:
        raise ValueError(f"the masking key {path} cannot be read: {error.strerror}") from error
    if not key:
        raise ValueError(f"the masking key {path} is empty")
    return key


def _default_path(environment: Mapping[str, str]) -> Path:
    state = environment.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(state) / "sidetap" / "mask.key"


def _drawn(path: Path) -> bytes:
    """Services start together: whoever is first wins, and all read the same key."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        drawn = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
        drawn.touch(mode=0o600)
        drawn.write_text(secrets.token_hex(KEY_BYTES))
        try:
            path.hardlink_to(drawn)
        except FileExistsError:
            pass  # another service was faster
        finally:
            drawn.unlink()
    return path.read_bytes().strip()
