"""Schemas on disk, found by record name or by fingerprint.

A fingerprint is the CRC-64-AVRO of a schema's parsing canonical form, little-endian (Avro 1.12
specification, "Single-object encoding").
"""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from fastavro.schema import fingerprint, parse_schema, to_parsing_canonical_form

MARKER = b"\xc3\x01"
FOLDER = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Schema:
    """One version of one record's schema."""

    name: str
    fingerprint: bytes
    parsed: Any
    leading: str
    """The name of its first field, where that is a text; else empty."""


def read_schema(path: Path) -> Schema:
    """Parse one .avsc file. The fingerprint is CRC-64-AVRO of its canonical form, little-endian."""
    raw = json.loads(path.read_text())
    digest = fingerprint(to_parsing_canonical_form(raw), "CRC-64-AVRO")
    first = raw["fields"][0] if raw["fields"] else {}
    leading = first["name"] if first.get("type") == "string" else ""
    parsed = parse_schema(raw, named_schemas={})
    return Schema(raw["name"], bytes.fromhex(digest), parsed, leading)


@cache
def current() -> dict[str, Schema]:
    """Today's schemas by record name."""
    paths = [*FOLDER.glob("*.avsc"), *FOLDER.glob("state/*.avsc")]
    return {schema.name: schema for schema in map(read_schema, paths)}


@cache
def known() -> dict[bytes, Schema]:
    """Every schema that ever shipped, by fingerprint."""
    past = map(read_schema, FOLDER.glob("past/*.avsc"))
    return {schema.fingerprint: schema for schema in (*past, *current().values())}


def head(name: str) -> bytes:
    """The ten bytes before a record of this name."""
    return MARKER + current()[name].fingerprint
