"""Follows siem.ocsf into a rotated file, one event a line.

In:     committed events of the topic.
Out:    lines in the file; then, and only then, the offsets of what was written.
Keeps:  nothing but the file and the group's offsets.

1. read; 2. write, turning over where a file is full; 3. fsync; 4. commit the offsets.
A kill between 3 and 4 writes the same lines again: at least once, and `metadata.uid` tells the
repeats. A kill inside 2 leaves a torn line, which the next start cuts off. A full disk ends the
process with one sentence, before anything is committed.
"""

import fcntl
import os
from collections.abc import Mapping, Sequence
from io import FileIO
from pathlib import Path

from confluent_kafka import Consumer, KafkaError, KafkaException, Message

from services.export.rotation import Rotation, torn_bytes
from services.runtime.clients import consuming
from services.runtime.health import Health

TOPIC = "siem.ocsf"
GROUP = "export-file"
BATCH_RECORDS = 1_000
WAIT_S = 0.5
# An event is below 1 MB (services/export/ocsf.py): a torn one ends within this many bytes.
TAIL_BYTES = 2_097_152


class BusyError(RuntimeError):
    """Another process writes the file."""


def alone(path: Path) -> int:
    """The right to write the file, until the process ends or the descriptor is closed.

    Two writers would cut off each other's lines under way. Raises BusyError, or OSError.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # Hidden, and with the name in front: no shipper's pattern for the file finds it.
    beside = path.with_name(f".{path.name}.lock")
    descriptor = os.open(beside, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise BusyError(f"another process writes {path}") from None
    return descriptor


class LineFile:
    """Lines in files that turn over. Raises OSError where the disk refuses."""

    def __init__(self, rotation: Rotation) -> None:
        self._rotation = rotation
        rotation.path.parent.mkdir(parents=True, exist_ok=True)
        _mend(rotation.path)
        self._file = self._open()
        self._bytes = rotation.path.stat().st_size

    def append(self, lines: Sequence[bytes]) -> None:
        """Write the lines; they are safe only after `sync`."""
        for line in lines:
            if self._rotation.turns_over(self._bytes, len(line) + 1):
                self._turn_over()
            self._write(line + b"\n")

    def sync(self) -> None:
        """Wait until the disk has it."""
        os.fsync(self._file.fileno())

    def close(self) -> None:
        """Let the file go."""
        self._file.close()

    def _write(self, data: bytes) -> None:
        """All of it: an unbuffered write may take less where the disk fills up."""
        rest = memoryview(data)
        while rest:
            taken = self._file.write(rest)
            self._bytes += taken
            rest = rest[taken:]

    def _turn_over(self) -> None:
        self.sync()
        self.close()
        self._rotation.oldest().unlink(missing_ok=True)
        for before, after in self._rotation.renames():
            if before.exists():
                before.rename(after)
        self._file = self._open()
        self._bytes = 0

    def _open(self) -> FileIO:
        """What leaves is masked, but it is still not everybody's: owner and group."""
        return FileIO(self._rotation.path, "ab", opener=lambda p, flags: os.open(p, flags, 0o640))


def _mend(path: Path) -> None:
    """Cut off a torn last line."""
    if not path.exists():
        return
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(max(0, size - TAIL_BYTES))
        file.truncate(size - torn_bytes(file.read(TAIL_BYTES)))


class Follower:
    """One process a deployment, for there is one file.

    The group knows it by one name: started on another machine too, the later one takes over and
    the earlier one ends, saying so.
    """

    def __init__(self, file: LineFile, kafka: Mapping[str, str], health: Health) -> None:
        self.stopping = False
        self._file = file
        self._health = health
        self._consumer = Consumer(consuming(kafka, group_id=GROUP, group_instance_id=f"{GROUP}-0"))

    def work(self) -> None:
        """Until `stopping`. Raises KafkaException or OSError where one of both says why."""
        self._consumer.subscribe([TOPIC], on_assign=lambda *_: self._ready())
        try:
            while not self.stopping:
                self._health.beat()
                self._take(self._consumer.consume(BATCH_RECORDS, WAIT_S))
        finally:
            self._consumer.close()
            self._file.close()

    def _ready(self) -> None:
        self._health.waiting_for = ""

    def _take(self, messages: Sequence[Message]) -> None:
        lines = [line for message in messages if (line := _line(message)) is not None]
        if not lines:
            return
        self._file.append(lines)
        self._file.sync()
        places = self._consumer.position(self._consumer.assignment())
        read = [place for place in places if place.offset >= 0]
        self._consumer.commit(offsets=read, asynchronous=False)


def _line(message: Message) -> bytes | None:
    """None where there is nothing to write. Raises KafkaException."""
    error = message.error()
    if error is None:
        return message.value()
    if error.code() == KafkaError._PARTITION_EOF or error.retriable():  # noqa: SLF001
        return None
    raise KafkaException(error)
