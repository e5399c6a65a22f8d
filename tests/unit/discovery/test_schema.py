"""Values to shapes to JSON Schema."""

import json
from dataclasses import dataclass
from typing import Any

import pytest
from sidetap_native import json_outline, text_outline

from services.discovery.bodies import media_type, outline_of, outline_of_texts, readable
from services.discovery.schema import json_schema, text_schema
from services.discovery.shape import DEPTH_MAX, PLACES_MAX, PROPERTIES_MAX, Shape, outlined


@dataclass(frozen=True, slots=True)
class Plain:
    """A body that came whole and without content coding."""

    kept: bytes
    complete: bool = True
    truncated: bool = False

    @property
    def wire_bytes(self) -> int:
        return len(self.kept)

    def decoded(self) -> bytes:
        return self.kept


JSON = b"application/json"
FORM = b"application/x-www-form-urlencoded"


def shape_of(*values: Any) -> Shape:
    shape = Shape()
    for value in values:
        shape.merge(outlined(json_outline(json.dumps(value).encode()) or ""))
    return shape


def schema_of(*values: Any) -> Any:
    return json_schema(shape_of(*values))


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([1, 2], {"type": "integer"}),
        ([1, 2.5], {"type": "number"}),
        ([True], {"type": "boolean"}),
        ([None], {"type": "null"}),
        (["a", None], {"type": ["string", "null"]}),
        ([[]], {"type": "array", "items": {}}),
        (
            [[1], ["a"]],
            {"type": "array", "items": {"anyOf": [{"type": "integer"}, {"type": "string"}]}},
        ),
        (["2026-11-23"], {"type": "string", "format": "date"}),
        (["2026-11-23T08:00:00Z"], {"type": "string", "format": "date-time"}),
        (["2026-11-23", "soon"], {"type": "string"}),
        (["a@b.example"], {"type": "string", "format": "email"}),
        (["https://a.example/"], {"type": "string", "format": "uri"}),
        (["192.0.2.1"], {"type": "string", "format": "ipv4"}),
        (["f81d4fae-7dec-11d0-a765-00a0c91e6bf6"], {"type": "string", "format": "uuid"}),
        ([1, "a", None], {"anyOf": [{"type": "integer"}, {"type": "string"}, {"type": "null"}]}),
    ],
)  # fmt: skip
def test_kinds(values: list[Any], expected: Any) -> None:
    assert schema_of(*values) == expected


def test_objects_know_what_is_always_there() -> None:
    assert schema_of({"id": 1, "name": "a"}, {"id": 2, "boss": {"id": 1}}) == {
        "type": "object",
        "properties": {
            "boss": {
                "type": "object",
                "properties": {"id": {"type": "integer"}},
                "required": ["id"],
            },
            "id": {"type": "integer"},
            "name": {"type": "string"},
        },
        "required": ["id"],
    }  # fmt: skip


def test_names_that_are_values_do_not_leave() -> None:
    schema = schema_of({"ann@shop.example": 1, "17": 2, "total": 3})
    assert schema["properties"] == {"total": {"type": "integer"}}
    assert schema["additionalProperties"] == {"type": "integer"}


def test_an_object_with_too_many_names_is_a_map() -> None:
    schema = schema_of({f"key {i}x": i for i in range(PROPERTIES_MAX + 1)})
    assert schema == {"type": "object", "additionalProperties": {"type": "integer"}}


def test_depth_is_bounded_and_says_so() -> None:
    value: Any = 1
    for _ in range(50):
        value = {"a": value}
    text = json.dumps(schema_of(value))
    assert text.count('"a"') == DEPTH_MAX * 2  # as a property and as required
    assert "x-cut" in text


def test_places_are_bounded() -> None:
    shape = Shape()
    for i in range(30):
        shape.merge(
            shape_of({f"a{i}x": {f"b{j}x": {f"c{k}x": 1 for k in range(9)} for j in range(30)}})
        )
    assert shape.places() > PLACES_MAX
    shape.bound()
    assert shape.places() <= PLACES_MAX
    assert "x-cut" in json.dumps(json_schema(shape))


def test_shapes_survive_their_dump() -> None:
    shape = shape_of({"a": [1, {"b": None}], "17": "x", "d": {f"k{i}q": 1 for i in range(200)}})
    assert json_schema(Shape.load(json.loads(json.dumps(shape.dump())))) == json_schema(shape)


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["1", "2"], {"type": "integer"}),
        (["1", "2.5"], {"type": "number"}),
        (["1", "a"], {"type": "string"}),
        (["true", "false"], {"type": "boolean"}),
        (["007"], {"type": "string"}),
        ([], {}),
    ],
)
def test_texts(texts: list[str], expected: Any) -> None:
    shape = Shape()
    for text in texts:
        shape.merge(outlined(text_outline(text)))
    assert text_schema(shape) == expected


def test_a_parameter_given_twice_is_a_list() -> None:
    assert text_schema(outlined(outline_of_texts(["1", "2"]))) == {
        "type": "array",
        "items": {"type": "integer"},
    }


def outline(data: bytes, content_type: bytes) -> str:
    kind = media_type(content_type)
    return outline_of(readable(Plain(data), kind), kind, content_type)


def body_schema(data: bytes, content_type: bytes) -> Any:
    shape = outlined(outline(data, content_type))
    return text_schema(shape) if b"json" not in content_type else json_schema(shape)


def test_forms() -> None:
    assert body_schema(b"user=ann&age=17&user%5Bx%5D=1", FORM) == {
        "type": "object",
        "properties": {
            "age": {"type": "integer"},
            "user": {"type": "string"},
            "user[x]": {"type": "integer"},
        },
        "required": ["age", "user", "user[x]"],
    }  # fmt: skip


def test_multipart() -> None:
    data = (
        b'--b\r\nContent-Disposition: form-data; name="age"\r\n\r\n17\r\n'
        b'--b\r\nContent-Disposition: form-data; name="photo"; filename="a.png"\r\n'
        b"Content-Type: image/png\r\n\r\n\x89PNG\r\n--b--\r\n"
    )
    schema = body_schema(data, b"multipart/form-data; boundary=b")
    assert schema["properties"] == {
        "age": {"type": "integer"},
        "photo": {"type": "string", "format": "binary"},
    }


def test_xml() -> None:
    items = b"<item>tea</item><item>milk</item>"
    data = b'<?xml version="1.0"?><o:order xmlns:o="u" id="7">' + items + b"</o:order>"
    schema = body_schema(data, b"text/xml; charset=utf-8")
    order = schema["properties"]["order"]["properties"]
    assert order == {
        "@id": {"type": "integer"},
        "item": {"type": "array", "items": {"type": "string"}},
    }


def test_empty_elements_are_what_their_like_are() -> None:
    texts = [b"<a xmlns='urn:a'><b/><c/></a>", b"<a><b>2026-11-23</b><c><d>1</d></c></a>"]
    whole = Shape()
    for text in texts:
        whole.merge(outlined(outline_of(text, "application/xml", b"")))
    (root,) = text_schema(whole)["properties"].values()
    assert root["properties"] == {
        "b": {"type": "string", "format": "date"},
        "c": {"type": "object", "properties": {"d": {"type": "integer"}}},
    }
    assert root["required"] == ["b", "c"]


@pytest.mark.parametrize(
    ("data", "content_type"),
    [
        (b"{", JSON),
        (b"", JSON),
        (b"\xff" * 300, JSON),
        (b"[" * 100_000, JSON),
        (b"<a>", b"text/xml"),
        (b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', b"text/xml"),
        (b"<a>" * 50 + b"</a>" * 50, b"application/xml"),
        (b"--x", b"multipart/form-data"),
        (b"--x\r\n\r\n", b"multipart/form-data; boundary=x"),
        (b"&&&=&", FORM),
        (b"hello", b"text/plain"),
        (b"{}", b""),
        (b"[]" + b" " * 300_000, JSON),
    ],
)
def test_what_is_not_readable_adds_nothing(data: bytes, content_type: bytes) -> None:
    assert outline(data, content_type) == ""


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b"Application/JSON; charset=utf-8", "application/json"),
        (b" text/html", "text/html"),
        (b"nonsense", ""),
        (b"\xff/\xff", ""),
        (None, ""),
    ],
)
def test_media_types(value: bytes | None, expected: str) -> None:
    assert media_type(value) == expected
