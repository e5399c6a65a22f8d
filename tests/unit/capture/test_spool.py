"""The disk queue: order, limits, and what a kill or a full disk leaves."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from services.capture.spool import SUFFIX, Spool

MEBIBYTE = 1024 * 1024
RECORDS = [b"a" * 10, b"0", b"b" * 1000, bytes(range(256))]


def drain(spool: Spool) -> list[bytes]:
    """Pop and settle everything."""
    found = []
    while spooled := spool.pop():
        found.append(spooled.record)
        spool.settle(spooled)
    return found


def segments(folder: Path) -> list[Path]:
    return sorted(folder.glob(f"*{SUFFIX}"))


def test_records_come_out_in_the_order_in_which_they_went_in(tmp_path: Path) -> None:
    spool = Spool(tmp_path, bytes_max=MEBIBYTE)
    for record in RECORDS:
        assert spool.append(record) is None
    assert drain(spool) == RECORDS
    assert spool.pop() is None
    assert (spool.disk_bytes, spool.unread, segments(tmp_path)) == (0, False, [])


def test_order_holds_over_segments_and_between_pushes_and_pops(tmp_path: Path) -> None:
    spool = Spool(tmp_path, bytes_max=MEBIBYTE, segment_bytes=64)
    found = []
    for number in range(100):
        assert spool.append(b"%03d" % number * 5) is None
        if number % 3 == 0 and (spooled := spool.pop()):
            found.append(spooled.record)
            spool.settle(spooled)
    assert len(segments(tmp_path)) > 5
    assert found + drain(spool) == [b"%03d" % number * 5 for number in range(100)]


def test_what_was_not_settled_is_read_again(tmp_path: Path) -> None:
    spool = Spool(tmp_path, bytes_max=MEBIBYTE, segment_bytes=40)
    for record in (b"first" * 10, b"second", b"third"):
        spool.append(record)
    first, second = spool.pop(), spool.pop()
    assert first is not None
    assert second is not None
    spool.settle(first)
    again = Spool(tmp_path, bytes_max=MEBIBYTE)
    assert drain(again) == [b"second", b"third"]


def test_the_limit_refuses_the_newest_record_and_room_returns(tmp_path: Path) -> None:
    spool = Spool(tmp_path, bytes_max=100, segment_bytes=50)
    assert spool.append(b"x" * 42) is None
    assert spool.append(b"y" * 42) is None
    assert spool.append(b"z") == "its limit of 100 bytes is reached"
    assert spool.disk_bytes == 100
    oldest = spool.pop()
    assert oldest
    spool.settle(oldest)
    assert spool.append(b"z") is None
    assert drain(spool) == [b"y" * 42, b"z"]


@pytest.mark.parametrize("cut", range(1, 12))
def test_a_record_cut_by_a_kill_is_left_out_and_counted(tmp_path: Path, cut: int) -> None:
    spool = Spool(tmp_path, bytes_max=MEBIBYTE)
    spool.append(b"whole")
    spool.append(b"cut")
    (path,) = segments(tmp_path)
    os.truncate(path, path.stat().st_size - cut)
    again = Spool(tmp_path, bytes_max=MEBIBYTE)
    assert drain(again) == [b"whole"]
    assert again.damaged_bytes == 8 + len(b"cut") - cut
    assert again.append(b"after") is None
    assert drain(again) == [b"after"]


def test_zeros_after_a_power_cut_are_damage(tmp_path: Path) -> None:
    spool = Spool(tmp_path, bytes_max=MEBIBYTE)
    spool.append(b"whole")
    (path,) = segments(tmp_path)
    with path.open("ab") as file:
        file.write(bytes(64))
    again = Spool(tmp_path, bytes_max=MEBIBYTE)
    assert drain(again) == [b"whole"]
    assert again.damaged_bytes == 64


def test_a_flipped_byte_ends_its_segment_only(tmp_path: Path) -> None:
    spool = Spool(tmp_path, bytes_max=MEBIBYTE, segment_bytes=20)
    for record in (b"one" * 10, b"two" * 10):
        spool.append(record)
    first = segments(tmp_path)[0]
    data = bytearray(first.read_bytes())
    data[12] ^= 1
    first.write_bytes(data)
    again = Spool(tmp_path, bytes_max=MEBIBYTE)
    assert drain(again) == [b"two" * 10]
    assert again.damaged_bytes == 38


def test_a_full_disk_refuses_a_record_and_keeps_the_others_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool = Spool(tmp_path, bytes_max=MEBIBYTE)
    spool.append(b"before")
    real_write = os.write

    def half_then_full(descriptor: int, data: bytes) -> int:
        if len(data) > 4:
            return real_write(descriptor, data[:4])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "write", half_then_full)
    assert spool.append(b"lost!!!!") == "no space left on device"
    monkeypatch.undo()
    assert spool.append(b"after") is None
    assert drain(spool) == [b"before", b"after"]
    assert spool.damaged_bytes == 0


def test_a_killed_process_leaves_every_record_it_had_appended(tmp_path: Path) -> None:
    writer = (
        "import os, sys, signal; from pathlib import Path\n"
        "from services.capture.spool import Spool\n"
        "spool = Spool(Path(sys.argv[1]), bytes_max=10**7, segment_bytes=500)\n"
        "for n in range(1000):\n"
        "    assert spool.append(b'%d' % n) is None\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    died = subprocess.run([sys.executable, "-c", writer, str(tmp_path)], check=False)
    assert died.returncode == -9
    assert drain(Spool(tmp_path, bytes_max=10**7)) == [b"%d" % n for n in range(1000)]


def test_what_is_put_first_comes_out_first(tmp_path: Path) -> None:
    spool = Spool(tmp_path, bytes_max=MEBIBYTE)
    spool.append(b"3")
    assert spool.put_first([b"1", b"2"]) is None
    assert spool.put_first([]) is None
    assert spool.put_first([b"0"]) is None
    spool.append(b"4")
    assert drain(Spool(tmp_path, bytes_max=MEBIBYTE)) == [b"0", b"1", b"2", b"3", b"4"]


def test_two_runs_number_their_segments_on(tmp_path: Path) -> None:
    Spool(tmp_path, bytes_max=MEBIBYTE).append(b"1")
    Spool(tmp_path, bytes_max=MEBIBYTE).append(b"2")
    Spool(tmp_path, bytes_max=MEBIBYTE).put_first([b"0"])
    assert drain(Spool(tmp_path, bytes_max=MEBIBYTE)) == [b"0", b"1", b"2"]


@pytest.mark.parametrize("fsync", [True, False])
def test_what_is_put_first_is_kept_as_what_is_appended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fsync: bool
) -> None:
    forced: list[int] = []
    monkeypatch.setattr(os, "fsync", forced.append)
    mask = os.umask(0)
    try:
        assert Spool(tmp_path, bytes_max=MEBIBYTE, fsync=fsync).put_first([b"0", b"1"]) is None
    finally:
        os.umask(mask)
    (path,) = segments(tmp_path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert len(forced) == fsync
