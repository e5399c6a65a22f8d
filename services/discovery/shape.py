"""The structure of values: what a JSON Schema is made from.

In:     outlines of bodies and texts (native/src/outline), or what others counted.
Out:    counts of kinds and properties, formats and sensitive kinds at each place.
Keeps:  no value. Merging commutes, as long as no limit is reached.
"""

from functools import lru_cache
from typing import Any

import orjson

from services.discovery.bounded import add
from services.discovery.segments import typed

# An object with more distinct names is a map: its names are values.
PROPERTIES_MAX = 100
# What lies deeper is not looked at; nesting beyond it is a list of comments or an attack.
DEPTH_MAX = 10
# Places in one structure. Beyond it the structure is cut, level by level. With some 110 bytes a
# place at the most (170 in a JSON Schema), and 32 structures in an operation, all of it stays
# under 4 MiB, which is what the topics take.
PLACES_MAX = 500
PROPERTY_BYTES_MAX = 64
# Names and outlines met again soon; some 100 bytes and 2 KB each.
REMEMBERED_MAX = 8_192

Dump = dict[str, Any]

# Attributes of a Shape that count, with the JSON kind they count.
KINDS = {
    "nulls": "null", "booleans": "boolean", "integers": "integer", "numbers": "number",
    "strings": "string", "objects": "object", "arrays": "array",
}  # fmt: skip


class Shape:
    """What stood at one place."""

    __slots__ = (
        *KINDS, "count", "cut", "formats", "items", "map", "other", "properties", "sensitive",
    )  # fmt: skip

    def __init__(self) -> None:
        # How often which JSON kind. Of the items of one array each kind counts once.
        self.nulls = self.booleans = self.integers = self.numbers = 0
        self.strings = self.objects = self.arrays = 0
        self.count = 0
        """How many of the objects around it had it; of the rows of one array: all had it."""
        self.formats: set[str] = set()
        """Formats of strings; "" for none."""
        self.sensitive: dict[str, int] = {}
        """Kinds of sensitive values, and in how many bodies or texts."""
        self.properties: dict[str, Shape] = {}
        self.other: Shape | None = None
        """All properties of a map together, or those whose names are values."""
        self.map = False
        """The names are too many to be a programmer's."""
        self.items: Shape | None = None
        self.cut = False
        """Something below was not kept."""

    def kinds(self) -> set[str]:
        """JSON kinds that were here."""
        return {name for kind, name in KINDS.items() if getattr(self, kind)}

    def _bound(self) -> None:
        if len(self.properties) <= PROPERTIES_MAX and not (self.map and self.properties):
            return
        self.map = True
        self.other = self.other or Shape()
        for inner in self.properties.values():
            self.other.merge(inner)
        self.properties.clear()

    def merge(self, other: "Shape", times: int = 1) -> None:
        """Add all that another shape counted, so many times."""
        for kind in KINDS:
            more = getattr(other, kind)
            if more:
                setattr(self, kind, getattr(self, kind) + more * times)
        self.count += other.count * times
        self.formats |= other.formats
        for name, count in other.sensitive.items():
            add(self.sensitive, name, count * times)
        for name, inner in other.properties.items():
            mine = self.properties.get(name)
            if mine is None:
                mine = self.properties[name] = Shape()
            mine.merge(inner, times)
        if other.other is not None:
            self.other = self.other or Shape()
            self.other.merge(other.other, times)
        if other.items is not None:
            self.items = self.items or Shape()
            self.items.merge(other.items, times)
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
        kinds = {k: count for k in KINDS if (count := getattr(self, k))}
        dump: Dump = {"k": kinds}
        if self.count != sum(kinds.values()):
            dump["n"] = self.count
        if self.formats:
            dump["f"] = sorted(self.formats)
        if self.sensitive:
            dump["s"] = self.sensitive
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
        """The reverse; also of an outline, in which sensitive kinds have no counts."""
        shape = cls()
        total = 0
        for kind, count in dump["k"].items():
            if kind not in KINDS:
                raise ValueError(f"no kind of value: {kind[:20]!r}")
            setattr(shape, kind, count)
            total += count
        shape.count = dump.get("n", total)
        shape.formats = set(dump.get("f", ()))
        sensitive = dump.get("s", {})
        shape.sensitive = dict.fromkeys(sensitive, 1) if type(sensitive) is list else sensitive
        shape.properties = {name: cls.load(inner) for name, inner in dump.get("p", {}).items()}
        shape.other = cls.load(dump["o"]) if "o" in dump else None
        shape.items = cls.load(dump["i"]) if "i" in dump else None
        shape.map, shape.cut = dump.get("m", False), dump.get("c", False)
        return shape

    def settle(self) -> None:
        """Names that are values (ids, addresses) are a map's, and may be secrets."""
        for name in [name for name in self.properties if not property_name(name)]:
            self.other = self.other or Shape()
            self.other.merge(self.properties.pop(name))
        for inner in filter(None, (*self.properties.values(), self.other, self.items)):
            inner.settle()


@lru_cache(REMEMBERED_MAX)
def outlined(outline: str) -> Shape:
    """The shape of one body or text as native code outlines it. Not to be changed."""
    shape = Shape.load(orjson.loads(outline))
    shape.settle()
    shape.bound()
    return shape


@lru_cache(REMEMBERED_MAX)
def property_name(name: str) -> bool:
    """Whether a property's name is one that a programmer gave, not a value used as a key."""
    return len(name.encode("utf-8", "surrogatepass")) <= PROPERTY_BYTES_MAX and not typed(name)
