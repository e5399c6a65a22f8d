"""A compiled database is kept, and a file that may not be ours is not believed."""

from pathlib import Path
from typing import Any

import pytest

from services.runtime import compiled_patterns

PATTERNS = ("union\\s+select", "sleep")


def matches(database: Any) -> list[int]:
    found: list[int] = []
    database.scan(
        b"a union select b", match_event_handler=lambda n, *_: found.append(n), context=None
    )
    return found


def files(folder: Path) -> list[Path]:
    return sorted((folder / "patterns").iterdir())


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(compiled_patterns, "cache_folder", lambda: tmp_path)
    return tmp_path


def again() -> Any:
    """As a new process would."""
    compiled_patterns.compiled.cache_clear()
    return compiled_patterns.compiled(PATTERNS, 0)


def test_what_was_compiled_is_read_the_next_time(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert matches(again()) == [0]
    (kept,) = files(folder)
    monkeypatch.setattr(compiled_patterns, "_made", lambda *_: pytest.fail("it was made again"))
    assert matches(again()) == [0]
    assert files(folder) == [kept]


@pytest.mark.parametrize("damage", ["cut", "changed", "empty"])
def test_a_damaged_file_is_made_anew(folder: Path, damage: str) -> None:
    again()
    (kept,) = files(folder)
    whole = kept.read_bytes()
    kept.write_bytes({"cut": whole[:-9], "changed": whole[:-1] + b"?", "empty": b""}[damage])
    assert matches(again()) == [0]
    assert kept.read_bytes() == whole


def test_a_file_that_others_may_write_is_not_believed(folder: Path) -> None:
    again()
    (kept,) = files(folder)
    kept.chmod(0o666)
    assert matches(again()) == [0]
    assert kept.stat().st_mode & 0o777 == 0o600


def test_without_a_place_to_keep_it_it_is_compiled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compiled_patterns, "cache_folder", lambda: tmp_path / "file" / "below")
    (tmp_path / "file").write_text("no folder")
    assert matches(again()) == [0]
