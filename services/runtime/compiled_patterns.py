"""Hyperscan databases: compiled once a machine, then read from a file.

In:   patterns and flags.
Out:  a database that is ready to scan.
Keeps: each database, for the process and as a file in the user's cache.

All rules take five seconds to compile and ten milliseconds to read; each worker, each replay and
each `sidetap inspect` begins with them. A file is named for the patterns, the flags and the build
of Hyperscan, begins with its own digest, and is believed only if nobody else could have written
it: Hyperscan trusts the bytes it is given. Whatever is wrong with a file, it is made anew; where
none can be written, nothing is kept.
"""

import hashlib
import os
import stat
import tempfile
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import hyperscan

from services.runtime.cache import cache_folder

DIGEST_BYTES = 32


@cache
def compiled(patterns: tuple[str, ...], flags: int) -> Any:
    """One database: every matcher of the same patterns shares it."""
    with suppress(OSError, RuntimeError):
        return _kept(patterns, flags, cache_folder() / "patterns")
    return _made(patterns, flags)


def _kept(patterns: tuple[str, ...], flags: int, folder: Path) -> Any:
    name = hashlib.sha256(repr((patterns, flags, _build())).encode()).hexdigest()[:32]
    known = _read(folder / name)
    if known is not None:
        return known
    database = _made(patterns, flags)
    with suppress(OSError):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _write(folder / name, hyperscan.dumpb(database))
    return database


def _made(patterns: tuple[str, ...], flags: int) -> Any:
    database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    database.compile(
        expressions=[pattern.encode() for pattern in patterns],
        ids=list(range(len(patterns))),
        flags=[flags] * len(patterns),
    )
    return database


@cache
def _build() -> bytes:
    """Version, processor features and mode: a database of another build is refused or worse."""
    return bytes(_made(("a",), 0).info())


def _read(path: Path) -> Any:
    """The database of a file; None where there is none that can be believed."""
    try:
        with path.open("rb") as file:
            is_ours = _nobody_else_writes(os.fstat(file.fileno())) and _nobody_else_writes(
                path.parent.stat()
            )
            data = file.read() if is_ours else b""
    except OSError:
        return None
    digest, body = data[:DIGEST_BYTES], data[DIGEST_BYTES:]
    if hashlib.sha256(body).digest() != digest:
        return None
    database = hyperscan.loadb(body, hyperscan.HS_MODE_BLOCK)
    database.scratch = hyperscan.Scratch(database)
    return database


def _nobody_else_writes(status: os.stat_result) -> bool:
    others = status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    return status.st_uid == os.geteuid() and not others


def _write(path: Path, body: bytes) -> None:
    """Whole or not at all: workers start at the same time."""
    handle, made = tempfile.mkstemp(dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(hashlib.sha256(body).digest() + body)
        Path(made).replace(path)
    except OSError:
        Path(made).unlink(missing_ok=True)
        raise
