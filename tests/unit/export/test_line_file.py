"""The file that a log shipper follows."""

import contextlib
import errno
import os
import resource
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from services.export.file.worker import TAIL_BYTES, BusyError, LineFile, alone
from services.export.rotation import Rotation

Opened = Callable[[Rotation], LineFile]


@pytest.fixture
def opened() -> Iterator[Opened]:
    """Opens files and closes them after the test."""
    with contextlib.ExitStack() as stack:

        def open_file(rotation: Rotation) -> LineFile:
            file = LineFile(rotation)
            stack.callback(file.close)
            return file

        yield open_file


def written(path: Path) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for p in sorted(path.iterdir())}


def test_lines_are_whole_and_files_turn_over(tmp_path: Path, opened: Opened) -> None:
    file = opened(Rotation(tmp_path / "events.jsonl", 12, 3))
    for number in range(9):
        file.append([b'{"n":%d}' % number])
    file.sync()
    assert written(tmp_path) == {
        "events.jsonl": b'{"n":8}\n',
        "events.jsonl.1": b'{"n":7}\n',
        "events.jsonl.2": b'{"n":6}\n',
    }


def test_a_file_is_filled_to_its_limit(tmp_path: Path, opened: Opened) -> None:
    file = opened(Rotation(tmp_path / "events.jsonl", 8, 2))
    file.append([b"abc", b"def", b"ghi"])
    assert written(tmp_path) == {"events.jsonl": b"ghi\n", "events.jsonl.1": b"abc\ndef\n"}


def test_a_start_goes_on_where_the_last_one_ended(tmp_path: Path, opened: Opened) -> None:
    rotation = Rotation(tmp_path / "events.jsonl", 8, 2)
    opened(rotation).append([b"abc"])
    opened(rotation).append([b"def", b"ghi"])
    assert written(tmp_path) == {"events.jsonl": b"ghi\n", "events.jsonl.1": b"abc\ndef\n"}


@pytest.mark.parametrize("whole", [b"", b"{}\n", b"x" * TAIL_BYTES + b"\n"])
def test_a_torn_line_is_cut_off(tmp_path: Path, whole: bytes, opened: Opened) -> None:
    path = tmp_path / "events.jsonl"
    path.write_bytes(whole + b'{"torn":')
    opened(Rotation(path, 10 * TAIL_BYTES, 2)).append([b"{}"])
    assert path.read_bytes() == whole + b"{}\n"


def test_a_full_disk_is_said_and_the_next_start_mends_it(tmp_path: Path, opened: Opened) -> None:
    path = tmp_path / "events.jsonl"
    file = opened(Rotation(path, 1_000, 2))
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, before[1]))
    try:
        with pytest.raises(OSError) as refused:  # noqa: PT011  # the number is what matters
            file.append([b"{}", b"0123456789"])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert refused.value.errno == errno.EFBIG
    assert path.read_bytes() == b"{}\n0123456"
    opened(Rotation(path, 1_000, 2)).append([b"{}"])
    assert path.read_bytes() == b"{}\n{}\n"


def test_others_cannot_read_it(tmp_path: Path, opened: Opened) -> None:
    path = tmp_path / "logs" / "events.jsonl"
    opened(Rotation(path, 100, 2))
    assert stat.S_IMODE(path.stat().st_mode) & 0o007 == 0


def test_a_second_writer_is_refused_until_the_first_is_gone(tmp_path: Path) -> None:
    path = tmp_path / "logs" / "events.jsonl"
    first = alone(path)
    with pytest.raises(BusyError, match=r"another process writes .*/events\.jsonl"):
        alone(path)
    os.close(first)
    os.close(alone(path))
    assert list(path.parent.glob("events.jsonl*")) == []
