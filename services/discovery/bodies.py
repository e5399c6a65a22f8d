"""Bodies to structures.

In:     a body's decoded bytes and its media type.
Out:    its outline (native/src/outline); nothing where it is not readable as what it says it is.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from urllib.parse import unquote_plus
from xml.parsers import expat

import orjson
from sidetap_native import grpc_messages, json_outline, protobuf_fields, text_outline

from services.discovery.headers import parameter_name
from services.runtime.views import BodyView

# Larger bodies are data, not structure: reading one would cost as much as a thousand others.
BODY_BYTES_MAX = 262_144
GRPC = "application/grpc"
FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
# Content types met again soon; some 200 bytes each.
TYPES_REMEMBERED_MAX = 4_096
FIELDS_MAX = 256
# Names of fields met again soon; 4 KB each at the most.
FIELDS_REMEMBERED_MAX = 4_096
FIELD_CHARACTERS_MAX = 4_096
MEDIA_TYPE = re.compile(rb"\s*([\w!#$&^.+-]{1,63}/[\w!#$&^.+-]{1,63})")
BOUNDARY = re.compile(rb'boundary="?([^";,\s]{1,70})', re.I)
PART_NAME = re.compile(rb'name="([^"]{1,64})"', re.I)
PART_FILE = re.compile(rb'filename\*?="?', re.I)
PARTS_MAX = 64
# The outline of an uploaded file.
UPLOAD = {"k": {"strings": 1}, "f": ["binary"]}
XML_DEPTH_MAX = 10
XML_ELEMENTS_MAX = 4_096

Json = dict[str, "Json | list[Json | str] | str"]
Numbered = dict[str, "Numbered | int | str"]


@lru_cache(TYPES_REMEMBERED_MAX)
def media_type(content_type: bytes | None) -> str:
    """type/subtype in small letters; empty: none or nonsense."""
    found = MEDIA_TYPE.match(content_type or b"")
    return found[1].decode().lower() if found else ""


def readable(body: BodyView, kind: str) -> bytes:
    """The decoded body where its structure can be read; nothing where not."""
    if not kind.endswith(("json", "xml")) and kind not in FORMS and not kind.startswith(GRPC):
        return b""
    if not body.complete or body.truncated:
        return b""
    data = body.decoded()
    return data if len(data) <= BODY_BYTES_MAX else b""


def outline_of(data: bytes, kind: str, content_type: bytes) -> str:
    """The structure of what `readable` gave; empty: it is not what it says it is."""
    if not data:
        return ""
    if kind.startswith(GRPC):
        return _of_grpc(data, content_type)
    if kind.endswith("json"):
        return json_outline(data) or ""
    if kind.endswith("xml"):
        value = _Xml().read(data)
        return "" if value is None else _of_texts(value)
    if kind == "multipart/form-data":
        return _of_multipart(data, content_type)
    found = pairs(data)
    return _of_texts(_plain(found)) if found else ""


def outline_of_texts(texts: list[str]) -> str:
    """The structure of one parameter with all of its values."""
    return text_outline(texts[0]) if len(texts) == 1 else _of_texts(texts)


def _of_texts(value: object) -> str:
    return json_outline(orjson.dumps(value), texts=True) or ""


def _plain(fields: dict[str, list[str]]) -> dict[str, list[str] | str]:
    return {name: texts[0] if len(texts) == 1 else texts for name, texts in fields.items()}


def pairs(query: bytes) -> dict[str, list[str]]:
    """Names and values of a query or form, in which values are decoded. Odd names are left out."""
    found: dict[str, list[str]] = {}
    for pair in query.split(b"&", FIELDS_MAX)[:FIELDS_MAX]:
        raw, _, value = pair.partition(b"=")
        name = _field(raw)
        if name:
            text = value[:FIELD_CHARACTERS_MAX].decode("latin-1")
            text = unquote_plus(text) if "%" in text else text
            if name in found:
                found[name].append(text)
            else:
                found[name] = [text]
    return found


@lru_cache(FIELDS_REMEMBERED_MAX)
def _field(raw: bytes) -> str:
    """The name of a field, decoded; empty: it is none that a programmer gave."""
    name = unquote_plus(raw[:FIELD_CHARACTERS_MAX].decode("latin-1"))
    return name if parameter_name(name) else ""


def _of_grpc(data: bytes, content_type: bytes) -> str:
    """Messages by their field numbers; those that are compressed are left out."""
    found = []
    for message in grpc_messages(data, content_type):
        fields = None if message.is_trailers else protobuf_fields(message.payload)
        if fields:
            found.append(_numbered(fields))
    if not found:
        return ""
    # Several messages of a stream have one structure, as rows have.
    return orjson.dumps(orjson.loads(json_outline(orjson.dumps(found)) or "")["i"]).decode()


def _numbered(fields: Sequence[tuple[list[int], int | bytes]]) -> Numbered:
    """Field numbers as names; of what repeats the first."""
    whole: Numbered = {}
    for path, value in fields:
        inner = whole
        for number in path[:-1]:
            below = inner.setdefault(f"field{number}", {})
            if not isinstance(below, dict):
                break  # a text that also reads as a message
            inner = below
        else:
            last = value if isinstance(value, int) else value.decode("utf-8", "replace")
            inner.setdefault(f"field{path[-1]}", last)
    return whole


def _of_multipart(data: bytes, content_type: bytes) -> str:
    boundary = BOUNDARY.search(content_type)
    if boundary is None:
        return ""
    fields: dict[str, list[str]] = {}
    files: set[str] = set()
    for part in data.split(b"--" + boundary[1], PARTS_MAX)[1:PARTS_MAX]:
        head, _, value = part.partition(b"\r\n\r\n")
        named = PART_NAME.search(head)
        name = named[1].decode("latin-1") if named else ""
        if not parameter_name(name):
            continue
        if PART_FILE.search(head):
            files.add(name)
        else:
            text = value[:FIELD_CHARACTERS_MAX].removesuffix(b"\r\n").decode("utf-8", "replace")
            fields.setdefault(name, []).append(text)
    if not files:
        return _of_texts(_plain(fields)) if fields else ""
    outline = orjson.loads(_of_texts(_plain(fields)))
    outline.setdefault("p", {}).update(dict.fromkeys(sorted(files), UPLOAD))
    return orjson.dumps(outline).decode()


class _Xml:
    """Elements to objects: attributes by @name, repeated elements as lists, text as strings.

    Entities are not expanded and nothing outside is read: expat only does that when told how.
    """

    def __init__(self) -> None:
        self._stack: list[tuple[str, Json, list[str]]] = [("", {}, [])]
        self._elements = 0

    def read(self, data: bytes) -> Json | None:
        """The document; None where it is no XML or has a document type."""
        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = lambda text: self._stack[-1][2].append(text)
        parser.StartDoctypeDeclHandler = self._refuse
        try:
            parser.Parse(data, True)
        except (expat.ExpatError, ValueError):  # ValueError: ours, or an unknown encoding
            return None
        return self._stack[0][1]

    def _refuse(self, *_: object) -> None:
        raise ValueError("a document type may define entities without end")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._elements += 1
        if self._elements > XML_ELEMENTS_MAX or len(self._stack) > XML_DEPTH_MAX:
            raise ValueError("more elements than structure needs")
        own: Json = {
            f"@{key}": value
            for key, value in attributes.items()
            if ":" not in key and key != "xmlns"  # Namespaces in XML 1.0, 6
        }
        self._stack.append((name.rpartition(":")[2], own, []))

    def _end(self, _: str) -> None:
        name, children, text = self._stack.pop()
        # One that is empty is an empty text, or a structure in which everything is optional: its
        # like will tell (schema.py).
        value: Json | str = children or "".join(text).strip() or {}
        outer = self._stack[-1][1]
        before = outer.get(name)
        if before is None:
            outer[name] = value
        elif isinstance(before, list):
            before.append(value)
        else:
            outer[name] = [before, value]
