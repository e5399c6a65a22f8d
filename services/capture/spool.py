"""A bounded queue of byte records on disk, first in, first out.

In:     records that cannot be sent now.
Out:    the same records, oldest first, until each is settled (delivered).
Keeps:  segment files `NUMBER.spool`; a segment is deleted when all of it is settled.

A record stands as length and CRC-32 (both little-endian, 32 bits) before its bytes. After a
kill, whatever was not settled is read again, whole segments at a time: the receiver drops
repeats. A record that a crash or a full disk cut is left out and counted.
"""

import os
import struct
import zlib
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

# The first segment's number; those that are put before it count down.
_NUMBER = 1_000_000_000
_HEAD = struct.Struct("<II")
SUFFIX = ".spool"

# Small enough that little is sent twice after a kill, large enough that files are few.
SEGMENT_BYTES = 16 * 1024 * 1024
# No record on a topic is larger (schemas/topics.toml); a longer length is damage.
RECORD_BYTES_MAX = 5 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Spooled:
    """A record taken from the spool; hand it to `settle` once it is delivered."""

    segment: int
    record: bytes


@dataclass(slots=True)
class _Segment:
    number: int
    path: Path
    bytes: int
    read_bytes: int = 0
    unsettled: int = 0

    @property
    def finished(self) -> bool:
        return self.read_bytes == self.bytes and not self.unsettled


class Spool:
    """The queue. One process at a time may have a folder open.

    `append` says why it could not take a record; nothing is raised for a full disk.
    With `fsync` every record is forced to the disk and survives a power cut; without, it
    survives the death of the process only.
    """

    def __init__(
        self,
        folder: Path,
        *,
        bytes_max: int,
        segment_bytes: int = SEGMENT_BYTES,
        fsync: bool = False,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._folder = folder
        self._bytes_max = bytes_max
        self._segment_bytes = segment_bytes
        self._fsync = fsync
        self._segments = deque(_found(folder))
        self._next_number = self._segments[-1].number + 1 if self._segments else _NUMBER
        self._tail: int | None = None
        self.damaged_bytes = 0

    @property
    def disk_bytes(self) -> int:
        """Bytes on disk."""
        return sum(segment.bytes for segment in self._segments)

    @property
    def unread(self) -> bool:
        """Whether `pop` has something."""
        return any(segment.read_bytes < segment.bytes for segment in self._segments)

    def append(self, record: bytes) -> str | None:
        """Add a record at the end; None, or the reason why there is no room for it."""
        size = _HEAD.size + len(record)
        if self.disk_bytes + size > self._bytes_max:
            return f"its limit of {self._bytes_max} bytes is reached"
        try:
            segment, descriptor = self._open_tail()
            self._write(segment, descriptor, _framed(record))
        except OSError as error:
            self._close_tail()
            return _reason(error)
        if segment.bytes >= self._segment_bytes:
            self._close_tail()
        return None

    def put_first(self, records: Sequence[bytes]) -> str | None:
        """Put records before all others; None, or why there was no room for all of them.

        It may pass the limit: it is the last act of a run, and bounded by its window.
        """
        if not records:
            return None
        number = (self._segments[0].number if self._segments else self._next_number) - 1
        path = self._folder / f"{number:020d}{SUFFIX}"
        segment = _Segment(number, path, 0)
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            try:
                self._write(segment, descriptor, b"".join(map(_framed, records)))
            finally:
                os.close(descriptor)
        except OSError as error:
            path.unlink(missing_ok=True)
            return _reason(error)
        self._segments.appendleft(segment)
        return None

    def pop(self) -> Spooled | None:
        """The oldest record that was not yet popped; None when all were."""
        for segment in list(self._segments):
            if segment.read_bytes < segment.bytes:
                record = self._read(segment)
                if record is not None:
                    segment.unsettled += 1
                    return Spooled(segment.number, record)
        return None

    def settle(self, spooled: Spooled) -> None:
        """The record is delivered; its segment goes when it was the last."""
        for segment in self._segments:
            if segment.number == spooled.segment:
                segment.unsettled -= 1
        if all(segment.finished for segment in self._segments):
            self._close_tail()  # Empty: give the disk back now.
        else:
            self._drop_finished()

    def close(self) -> None:
        """Close the files; nothing is lost by not calling it."""
        self._close_tail()

    def _open_tail(self) -> tuple[_Segment, int]:
        if self._tail is None:
            path = self._folder / f"{self._next_number:020d}{SUFFIX}"
            self._tail = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            self._segments.append(_Segment(self._next_number, path, 0))
            self._next_number += 1
        return self._segments[-1], self._tail

    def _close_tail(self) -> None:
        if self._tail is not None:
            os.close(self._tail)
            self._tail = None
        self._drop_finished()

    def _write(self, segment: _Segment, descriptor: int, data: bytes) -> None:
        written = 0
        try:
            while written < len(data):
                written += os.write(descriptor, data[written:])
            if self._fsync:
                os.fsync(descriptor)
        except OSError:
            os.ftruncate(descriptor, segment.bytes)  # Never leave half a record before others.
            raise
        segment.bytes += written

    def _read(self, segment: _Segment) -> bytes | None:
        with segment.path.open("rb") as file:
            file.seek(segment.read_bytes)
            head = file.read(_HEAD.size)
            length, checksum = _HEAD.unpack(head) if len(head) == _HEAD.size else (0, -1)
            record = file.read(length) if length <= RECORD_BYTES_MAX else b""
        if not record or len(record) != length or zlib.crc32(record) != checksum:
            # Only the end of a file can be cut by a kill; what follows damage cannot be found.
            # After a power cut it may be zeros, which would pass for records without a byte.
            self.damaged_bytes += segment.bytes - segment.read_bytes
            segment.read_bytes = segment.bytes
            self._drop_finished()
            return None
        segment.read_bytes += _HEAD.size + length
        return record

    def _drop_finished(self) -> None:
        writing = self._segments[-1].number if self._tail is not None else None
        for segment in [s for s in self._segments if s.finished and s.number != writing]:
            segment.path.unlink(missing_ok=True)
            self._segments.remove(segment)


def _framed(record: bytes) -> bytes:
    return _HEAD.pack(len(record), zlib.crc32(record)) + record


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).lower()


def _found(folder: Path) -> list[_Segment]:
    """Segments of an earlier run, oldest first; empty ones are deleted."""
    segments = []
    for path in sorted(folder.glob(f"*{SUFFIX}")):
        if size := path.stat().st_size:
            segments.append(_Segment(int(path.stem), path, size))
        else:
            path.unlink()
    return segments
