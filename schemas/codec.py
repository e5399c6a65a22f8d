"""Records to bytes and back: Avro single-object encoding.

A record begins with two marker bytes and the fingerprint of its writer's schema, so a reader
finds that schema in `schemas/past/` without a registry. Exchange is written and read natively
on the hot path; this codec is its oracle.
"""

import io
from typing import Any, Protocol, TypeVar, cast

import fastavro

from schemas import types
from schemas.registry import MARKER, Schema, current, known

HEAD_BYTES = len(MARKER) + 8


class Record(Protocol):
    """Any class of schemas/types.py."""

    def to_avro(self) -> dict[str, Any]:
        """As fastavro takes it."""


R = TypeVar("R")


class UndecodableError(ValueError):
    """Bytes that are no record of ours; the message says why in one sentence."""


def encode(record: Record) -> bytes:
    """One record as bytes."""
    schema = current()[type(record).__name__]
    out = io.BytesIO()
    out.write(MARKER + schema.fingerprint)
    fastavro.schemaless_writer(out, schema.parsed, record.to_avro())
    return out.getvalue()


def name_of(data: bytes) -> str:
    """Which record the bytes hold.

    Raises UndecodableError when the marker is missing or the fingerprint unknown.
    """
    return _writer(data).name


def leading(data: bytes, field: str) -> str | None:
    """The text in a record's first field, without the rest; None where it has another name.

    Raises UndecodableError as `name_of` does, and where the text is damaged.
    """
    writer = _writer(data)
    if writer.leading != field:
        return None
    length = shift = 0
    at = HEAD_BYTES
    try:
        while data[at] & 0x80:
            length |= (data[at] & 0x7F) << shift
            at, shift = at + 1, shift + 7
        # A number is zigzag-coded: lengths are its even values.
        length = (length | data[at] << shift) >> 1
        text = data[at + 1 : at + 1 + length]
        if len(text) == length:
            return text.decode()
    except (IndexError, UnicodeDecodeError):
        pass
    raise UndecodableError(f"{writer.name} is damaged: no text at its start")


def decode(data: bytes) -> Any:
    """Bytes to the class of schemas/types.py that they hold, whatever version wrote them.

    Raises UndecodableError on anything else.
    """
    writer = _writer(data)
    reader = current()[writer.name]
    stream = io.BytesIO(data[HEAD_BYTES:])
    try:
        value = fastavro.schemaless_reader(
            stream, writer.parsed, None if writer is reader else reader.parsed
        )
    except (EOFError, IndexError, ValueError, OverflowError, MemoryError, KeyError) as error:
        raise UndecodableError(f"{writer.name} is damaged: {error}") from error
    if stream.tell() != len(data) - HEAD_BYTES:
        raise UndecodableError(f"{writer.name} has bytes after its end")
    return getattr(types, writer.name).from_avro(value)


def decode_as(record: type[R], data: bytes) -> R:
    """As `decode`, where only one record is welcome."""
    name = name_of(data)
    if name != record.__name__:
        raise UndecodableError(f"expected {record.__name__}, found {name}")
    return cast(R, decode(data))


def renewed(name: str, data: bytes) -> bytes:
    """A record of this name as today's schema writes it; anything else as it is.

    For what is read natively: native code knows today's schema only. An older record costs what
    fastavro costs (some 130 µs an Exchange), a record of today nothing.
    Raises UndecodableError where an older record is damaged.
    """
    fingerprint = data[len(MARKER) : HEAD_BYTES]
    if fingerprint == current()[name].fingerprint:
        return data
    writer = known().get(fingerprint)
    if writer is None or writer.name != name or not data.startswith(MARKER):
        return data
    return encode(decode(data))


def _writer(data: bytes) -> Schema:
    if data[:2] != MARKER or len(data) < HEAD_BYTES:
        raise UndecodableError("no Avro single-object marker at its start")
    schema = known().get(data[2:HEAD_BYTES])
    if schema is None:
        raise UndecodableError(f"unknown schema fingerprint {data[2:HEAD_BYTES].hex()}")
    return schema
