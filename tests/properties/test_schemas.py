"""The codec on any value that the schemas allow, and on bytes that are none."""

import contextlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas import codec, registry, types
from tests.properties.avro_values import values

FOLDER = Path(registry.__file__).parent
SCHEMAS = [
    json.loads(path.read_text()) for path in [*FOLDER.glob("*.avsc"), *FOLDER.glob("state/*.avsc")]
]
every_schema = pytest.mark.parametrize("schema", SCHEMAS, ids=lambda schema: schema["name"])


def record(schema: dict[str, Any], value: Any) -> Any:
    return getattr(types, schema["name"]).from_avro(value)


@every_schema
@settings(max_examples=50)
@given(st.data())
def test_what_is_written_is_read(schema: dict[str, Any], data: st.DataObject) -> None:
    value = data.draw(values(schema))
    written = codec.encode(record(schema, value))
    assert codec.decode(written) == record(schema, value)
    assert codec.decode(written).to_avro() == value


@every_schema
@settings(max_examples=30)
@given(st.data())
def test_a_cut_record_is_named_damaged(schema: dict[str, Any], data: st.DataObject) -> None:
    written = codec.encode(record(schema, data.draw(values(schema))))
    cut = data.draw(st.integers(0, len(written) - 1))
    with pytest.raises(codec.UndecodableError):
        codec.decode(written[:cut])


@every_schema
@settings(max_examples=50)
@given(st.data())
def test_damage_is_a_named_error_or_another_value(
    schema: dict[str, Any], data: st.DataObject
) -> None:
    written = bytearray(codec.encode(record(schema, data.draw(values(schema)))))
    at = data.draw(st.integers(0, len(written) - 1))
    written[at] = data.draw(st.integers(0, 255))
    with contextlib.suppress(codec.UndecodableError):
        assert codec.decode(bytes(written)).to_avro()


@given(st.binary(max_size=200))
def test_foreign_bytes_are_named_so(data: bytes) -> None:
    with pytest.raises(codec.UndecodableError):
        codec.decode(data)


@every_schema
@settings(max_examples=30)
@given(st.data())
def test_bytes_after_the_end_are_refused(schema: dict[str, Any], data: st.DataObject) -> None:
    written = codec.encode(record(schema, data.draw(values(schema))))
    with pytest.raises(codec.UndecodableError, match="after its end"):
        codec.decode(written + data.draw(st.binary(min_size=1, max_size=4)))
