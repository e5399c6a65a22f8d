"""Which file a line goes to."""

from pathlib import Path

import pytest

from services.export.rotation import Rotation, torn_bytes

PATH = Path("/var/log/sidetap/events.jsonl")


@pytest.mark.parametrize(
    ("written", "coming", "turns"),
    [(0, 5, False), (0, 500, False), (95, 5, False), (95, 6, True), (100, 1, True)],
)
def test_a_file_turns_over_before_it_is_too_large(written: int, coming: int, turns: bool) -> None:
    assert Rotation(PATH, 100, 3).turns_over(written, coming) is turns


def test_renames_overwrite_nothing() -> None:
    rotation = Rotation(PATH, 100, 4)
    files = {rotation.numbered(n): n for n in range(4)}
    del files[rotation.oldest()]
    for before, after in rotation.renames():
        assert after not in files
        files[after] = files.pop(before)
    assert files == {rotation.numbered(n + 1): n for n in range(3)}


def test_one_file_alone_is_deleted() -> None:
    rotation = Rotation(PATH, 100, 1)
    assert rotation.oldest() == PATH
    assert list(rotation.renames()) == []


@pytest.mark.parametrize(
    ("tail", "torn"), [(b"", 0), (b"{}\n", 0), (b'{}\n{"a', 3), (b'{"a', 3), (b"{}\n\n", 0)]
)
def test_a_torn_line_is_measured(tail: bytes, torn: int) -> None:
    assert torn_bytes(tail) == torn
