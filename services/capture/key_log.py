"""NSS key logs as letters for the topic `keys`.

In:     lines `LABEL client_random secret`: from a file that grows, or from inside pcapng.
Out:    one TlsSecret a line that can open records; others are left out in silence, for even a
        damaged line may hold half a secret.
"""

import os
from collections.abc import Iterator
from pathlib import Path

from sidetap_native import key_log_line

from schemas.codec import encode
from schemas.types import TlsSecret
from services.capture.letters import Letter

KEYS = "keys"
# Read at once; a line has at most 200 bytes.
READ_BYTES = 1 << 20


def letters(text: bytes, at_us: int) -> Iterator[Letter]:
    """The secrets in a key log, or in a part of one that ends with a line."""
    for line in text.splitlines():
        if found := key_log_line(line.decode("ascii", "replace")):
            random, label, secret = found
            record = TlsSecret(client_random=random, label=label, secret=secret, at_us=at_us)
            # One record a secret: with the random alone, compaction would keep the last only.
            yield Letter(KEYS, encode(record), key=random + label.encode())


class Followed:
    """A key log that programs write to while they talk; lines that are there already count too.

    It is opened anew when another file takes its place. One that is not there, or may not be
    read, is waited for; `fault` says so.
    """

    def __init__(self, path: Path) -> None:
        self.fault: str | None = None
        self._path = path
        self._file: int | None = None
        self._rest = b""

    def read(self) -> bytes:
        """Whole lines since the last call, at most about a megabyte of them."""
        try:
            fresh = self._fresh()
        except OSError as error:
            self.fault = error.strerror or str(error)
            return b""
        self.fault = None
        lines, end, rest = (self._rest + fresh).rpartition(b"\n")
        self._rest = rest[-READ_BYTES:]
        return lines + end

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            os.close(self._file)
        self._file, self._rest = None, b""

    def _fresh(self) -> bytes:
        there = self._path.stat()
        if self._file is not None:
            held, place = os.fstat(self._file), os.lseek(self._file, 0, os.SEEK_CUR)
            same = (held.st_dev, held.st_ino) == (there.st_dev, there.st_ino)
            if not same or there.st_size < place:
                self.close()
        if self._file is None:
            self._file = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)
        return os.read(self._file, READ_BYTES)
