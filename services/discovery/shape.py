"""The structure of values: what a JSON Schema is made from.

In:     values of bodies (as JSON has them) and texts of parameters.
Out:    counts of kinds and properties, the formats at each place.
Keeps:  no value. Adding and merging commute, as long as no limit is reached.
"""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from services.discovery.segments import typed

# An object with more distinct names is a map: its names are values.
PROPERTIES_MAX = 100
# What lies deeper is not looked at; nesting beyond it is a list of comments or an attack.
DEPTH_MAX = 10
# Of a long list, the first items speak for all.
ITEMS_MAX = 32
# Places in one structure. Beyond it the structure is cut, level by level. With some 110 bytes a
# place at the most (170 in a JSON Schema), and 32 structures in an operation, all of it stays
# under 4 MiB, which is what the topics take.
PLACES_MAX = 500
PROPERTY_BYTES_MAX = 64
# Longer texts have no format that matters.
FORMAT_CHARACTERS_MAX = 2_048
# Names met again soon; some 100 bytes each.
REMEMBERED_MAX = 16_384

Dump = dict[str, Any]

# Attributes of a Shape that count, with the JSON kind they count.
KINDS = {
    "nulls": "null", "booleans": "boolean", "integers": "integer", "numbers": "number",
    "strings": "string", "objects": "object", "arrays": "array",
}  # fmt: skip

NUMERIC = frozenset("-0123456789")
UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.I)
DAY = re.compile(r"\d{4}-[01]\d-[0-3]\d")
MOMENT = re.compile(
    r"\d{4}-[01]\d-[0-3]\d[Tt ][0-2]\d:[0-5]\d(?::[0-6]\d(?:\.\d+)?)?(?:[Zz]|[+-]\d\d:?\d\d)?"
)
EMAIL = re.compile(r"[\w.+%-]+@[\w-]+(?:\.[\w-]+)+")
ADDRESS = re.compile(r"(?:\d{1,3}\.){3}\d{1,3}")
INTEGER = re.compile(r"-?(?:0|[1-9]\d{0,18})")
NUMBER = re.compile(r"-?\d+\.\d+(?:[eE][+-]?\d+)?")


class Shape:
    """What stood at one place."""

    __slots__ = (*KINDS, "cut", "formats", "items", "map", "other", "properties")

    def __init__(self) -> None:
        # How often which JSON kind. Attributes, for they are counted up a million times a second.
        self.nulls = self.booleans = self.integers = self.numbers = 0
        self.strings = self.objects = self.arrays = 0
        self.formats: set[str] = set()
        """Formats of strings; "" for none."""
        self.properties: dict[str, Shape] = {}
        self.other: Shape | None = None
        """All properties of a map together, or those whose names are values."""
        self.map = False
        """The names are too many to be a programmer's."""
        self.items: Shape | None = None
        self.cut = False
        """Something below was not kept."""

    def count(self) -> int:
        """How many values were here."""
        return sum(getattr(self, kind) for kind in KINDS)

    def kinds(self) -> set[str]:
        """JSON kinds that were here."""
        return {name for kind, name in KINDS.items() if getattr(self, kind)}

    def add(self, value: Any, depth: int = DEPTH_MAX) -> None:
        """Count a value as orjson gives it."""
        kind = type(value)
        if kind is str:
            self._add_string(value)
        elif kind is int:
            self.integers += 1
        elif kind is dict:
            self._add_object(value, depth)
        elif kind is list:
            self._add_array(value, depth)
        elif kind is bool:
            self.booleans += 1
        elif value is None:
            self.nulls += 1
        else:
            self.numbers += 1

    def add_text(self, text: str) -> None:
        """Count a text that may mean something else: a parameter or a form field."""
        if text[:1] in NUMERIC:
            if INTEGER.fullmatch(text):
                self.integers += 1
                return
            if NUMBER.fullmatch(text):
                self.numbers += 1
                return
        if text in ("true", "false"):
            self.booleans += 1
        else:
            self._add_string(text)

    def add_texts(self, texts: list[str]) -> None:
        """Count one parameter with all of its values."""
        if len(texts) == 1:
            self.add_text(texts[0])
            return
        self.arrays += 1
        self.items = self.items or Shape()
        for text in texts[:ITEMS_MAX]:
            self.items.add_text(text)

    def add_fields(self, fields: dict[str, list[str]], files: Iterable[str] = ()) -> None:
        """Count a form: texts by name, and names of uploaded files."""
        self.objects += 1
        for name, texts in fields.items():
            self._property(name).add_texts(texts)
        for name in files:
            uploaded = self._property(name)
            uploaded.strings += 1
            uploaded.formats.add("binary")
        self._bound()

    def _add_string(self, text: str) -> None:
        self.strings += 1
        self.formats.add(format_of(text))

    def _add_object(self, value: dict[str, Any], depth: int) -> None:
        self.objects += 1
        if not depth:
            self.cut = self.cut or bool(value)
            return
        known = self.properties
        for name, inner in value.items():
            place = known.get(name) or self._property(name)
            # As in `add`, without the call: most values are of these two kinds.
            kind = type(inner)
            if kind is str:
                place.strings += 1
                place.formats.add(format_of(inner))
            elif kind is int:
                place.integers += 1
            else:
                place.add(inner, depth - 1)
        if len(known) > PROPERTIES_MAX or self.map:
            self._bound()

    def _add_array(self, value: list[Any], depth: int) -> None:
        self.arrays += 1
        if not value:
            return
        if not depth:
            self.cut = True
            return
        self.items = items = self.items or Shape()
        shown = value[:ITEMS_MAX]
        if depth > 1 and len(shown) > 1 and _is_table(shown):
            items.add_rows(shown, depth - 1)
        else:
            items.add_all(shown, depth - 1)

    def add_all(self, values: list[Any], depth: int) -> None:
        """Count several values, as `add` would one by one."""
        kinds = set(map(type, values))
        if kinds == {int}:
            self.integers += len(values)
        elif kinds == {float}:
            self.numbers += len(values)
        elif kinds == {str}:
            self.strings += len(values)
            self.formats.update(map(format_of, set(values)))
        else:
            for value in values:
                self.add(value, depth)

    def add_rows(self, rows: list[dict[str, Any]], depth: int) -> None:
        """Count objects of the same properties, column by column: lists of them are long."""
        self.objects += len(rows)
        for name in rows[0]:
            self._property(name).add_all([row[name] for row in rows], depth - 1)
        self._bound()

    def _property(self, name: str) -> "Shape":
        found = self.properties.get(name)
        if found is not None:
            return found
        # Names that are values (ids, addresses) are a map's, and may be secrets.
        if self.map or not property_name(name):
            self.other = self.other or Shape()
            return self.other
        found = self.properties[name] = Shape()
        return found

    def _bound(self) -> None:
        if len(self.properties) <= PROPERTIES_MAX and not (self.map and self.properties):
            return
        self.map = True
        self.other = self.other or Shape()
        for inner in self.properties.values():
            self.other.merge(inner)
        self.properties.clear()

    def merge(self, other: "Shape") -> None:
        """Add all that another shape counted."""
        for kind in KINDS:
            setattr(self, kind, getattr(self, kind) + getattr(other, kind))
        self.formats |= other.formats
        for name, inner in other.properties.items():
            self.properties.setdefault(name, Shape()).merge(inner)
        if other.other is not None:
            self.other = self.other or Shape()
            self.other.merge(other.other)
        if other.items is not None:
            self.items = self.items or Shape()
            self.items.merge(other.items)
        self.cut = self.cut or other.cut
        self.map = self.map or other.map
        self._bound()

    def places(self) -> int:
        """How many places it has, itself included."""
        below = [*self.properties.values(), *filter(None, (self.other, self.items))]
        return 1 + sum(inner.places() for inner in below)

    def bound(self) -> None:
        """Cut levels off until it is small enough."""
        depth = DEPTH_MAX
        while depth and self.places() > PLACES_MAX:
            depth -= 1
            self.cut_below(depth)

    def cut_below(self, depth: int) -> None:
        """Keep so many levels."""
        below = [*self.properties.values(), *filter(None, (self.other, self.items))]
        if depth:
            for inner in below:
                inner.cut_below(depth - 1)
        elif below:
            self.properties, self.other, self.items, self.cut = {}, None, None, True

    def dump(self) -> Dump:
        """As JSON, without what is empty."""
        dump: Dump = {"k": {k: count for k in KINDS if (count := getattr(self, k))}}
        if self.formats:
            dump["f"] = sorted(self.formats)
        if self.properties:
            dump["p"] = {name: inner.dump() for name, inner in self.properties.items()}
        if self.other is not None:
            dump["o"] = self.other.dump()
        if self.items is not None:
            dump["i"] = self.items.dump()
        if self.map:
            dump["m"] = True
        if self.cut:
            dump["c"] = True
        return dump

    @classmethod
    def load(cls, dump: Dump) -> "Shape":
        """The reverse."""
        shape = cls()
        for kind, count in dump["k"].items():
            if kind not in KINDS:
                raise ValueError(f"no kind of value: {kind[:20]!r}")
            setattr(shape, kind, count)
        shape.formats = set(dump.get("f", ()))
        shape.properties = {name: cls.load(inner) for name, inner in dump.get("p", {}).items()}
        shape.other = cls.load(dump["o"]) if "o" in dump else None
        shape.items = cls.load(dump["i"]) if "i" in dump else None
        shape.map, shape.cut = dump.get("m", False), dump.get("c", False)
        return shape


def _is_table(values: list[Any]) -> bool:
    """Whether all are objects with the same properties in the same order."""
    return set(map(type, values)) == {dict} and len(set(map(tuple, values))) == 1


@lru_cache(REMEMBERED_MAX)
def property_name(name: str) -> bool:
    """Whether a property's name is one that a programmer gave, not a value used as a key."""
    return len(name.encode("utf-8", "surrogatepass")) <= PROPERTY_BYTES_MAX and not typed(name)


def format_of(text: str) -> str:
    """The format of a string in JSON Schema's words; empty: none."""
    size = len(text)
    if not 6 <= size <= FORMAT_CHARACTERS_MAX:
        return ""
    if text[4] == "-":
        if size == 10 and DAY.fullmatch(text):
            return "date"
        return "date-time" if MOMENT.fullmatch(text) else ""
    if size == 36 and text[8] == "-" and UUID.fullmatch(text):
        return "uuid"
    if text.startswith(("http://", "https://")):
        return "uri"
    if "@" in text:
        return "email" if EMAIL.fullmatch(text) else ""
    if size <= 15 and text[-1] in "0123456789" and ADDRESS.fullmatch(text):
        return "ipv4"
    return ""
