"""One masking key for all services of a deployment."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from services.runtime.mask_key import KEY_BYTES, mask_key


def test_a_named_file_is_the_key(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_text("s3cret\n")
    assert mask_key(path) == b"s3cret"


def test_a_named_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="cannot be read: No such file"):
        mask_key(tmp_path / "key")


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("\n")
    with pytest.raises(ValueError, match="is empty"):
        mask_key(tmp_path / "key")


def test_a_key_is_drawn_once_and_is_nobody_elses(tmp_path: Path) -> None:
    machine = {"XDG_STATE_HOME": str(tmp_path)}
    with ThreadPoolExecutor(4) as pool:
        keys = set(pool.map(lambda _: mask_key(None, machine), range(4)))
    (key,) = keys
    assert len(key) == 2 * KEY_BYTES
    (path,) = (tmp_path / "sidetap").iterdir()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert mask_key(None, {"XDG_STATE_HOME": str(tmp_path / "other")}) != key
