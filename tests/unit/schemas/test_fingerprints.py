"""The ten bytes before a record, against Avro's published vectors and an own CRC."""

import json
from pathlib import Path

import pytest
from fastavro.schema import to_parsing_canonical_form

from schemas import registry

# share/test/data/schema-tests.txt of Apache Avro: canonical form, fingerprint as signed long.
PUBLISHED = [
    ("null", 7195948357588979594),
    ("boolean", -6970731678124411036),
    ("int", 8247732601305521295),
    ("long", -3434872931120570953),
    ("double", -8181574048448539266),
    ("string", -8142146995180207161),
    ({"name": "foo", "type": "record", "fields": [{"name": "f1", "type": "boolean"}]},
     7843277075252814651),
]  # fmt: skip
EMPTY = 0xC15D213AA4D7A795


def crc_64_avro(data: bytes) -> int:
    """The bit-by-bit reading of the specification's table-driven algorithm."""
    crc = EMPTY
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ (EMPTY if crc & 1 else 0)
    return crc


@pytest.mark.parametrize(("schema", "published"), PUBLISHED, ids=str)
def test_the_oracle_agrees_with_the_published_vectors(schema: object, published: int) -> None:
    canonical = json.dumps(schema, separators=(",", ":")).encode()
    assert crc_64_avro(canonical) == published % 2**64


def test_a_schema_file_gets_the_published_fingerprint(tmp_path: Path) -> None:
    schema, published = PUBLISHED[-1]
    (tmp_path / "foo.avsc").write_text(json.dumps(schema))
    found = registry.read_schema(tmp_path / "foo.avsc").fingerprint
    assert int.from_bytes(found, "little", signed=True) == published


@pytest.mark.parametrize("name", sorted(registry.current()))
def test_heads_are_the_marker_and_the_little_endian_crc(name: str) -> None:
    canonical = to_parsing_canonical_form(registry.current()[name].parsed)
    crc = crc_64_avro(canonical.encode())
    assert registry.head(name) == b"\xc3\x01" + crc.to_bytes(8, "little")


def test_no_two_schemas_share_a_fingerprint() -> None:
    fingerprints = [schema.fingerprint for schema in registry.current().values()]
    assert len(set(fingerprints)) == len(fingerprints)
