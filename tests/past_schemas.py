"""Schemas of another release, for the registry to read: nothing has shipped yet.

A tree is today's schemas in a folder of their own. There a past version can be added, or today's
can become the past of one that has grown.
"""

import copy
import io
import json
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import fastavro
import pytest

from schemas import codec, registry
from schemas.history import FOLDER, PAST
from services.runtime.core import Row

SOURCES = sorted([*FOLDER.glob("*.avsc"), *FOLDER.glob("state/*.avsc")])
GROWN = {"name": "came_later", "type": "string", "default": "not told", "doc": "A new field."}

# What a schema can name as a default.
PLAIN = (str, int, float, dict, list)


@dataclass(frozen=True, slots=True)
class Tree:
    """The folder that the registry reads while `another_release` lasts."""

    folder: Path

    def source(self, name: str) -> Path:
        """Today's schema of this record."""
        return next(p for p in self.folder.rglob("*.avsc") if p.parent.name != "past"
                    and registry.read_schema(p).name == name)  # fmt: skip

    def older(self, name: str, field: str, default: Any) -> registry.Schema:
        """A past version without the field; today's has it with this default.

        A default is no part of the fingerprint, so records of today stay records of today.
        """
        source = self.source(name)
        today = json.loads(source.read_text())
        past = copy.deepcopy(today)
        past["fields"] = [kept for kept in past["fields"] if kept["name"] != field]
        for each in today["fields"]:
            if each["name"] == field:
                each["default"] = default
        source.write_text(json.dumps(today))
        return self._add(past)

    def newer(self, name: str) -> None:
        """Today's becomes the past of one with one more field in each record inside it."""
        source = self.source(name)
        today = json.loads(source.read_text())
        self._add(copy.deepcopy(today))
        _grow(today)
        source.write_text(json.dumps(today))
        _forget()

    def _add(self, past: dict[str, Any]) -> registry.Schema:
        folder = self.folder / "past"
        folder.mkdir(exist_ok=True)
        path = folder / f"{past['name']}.{len(list(folder.iterdir()))}.avsc"
        path.write_text(json.dumps(past))
        _forget()
        return registry.read_schema(path)


@contextmanager
def another_release(folder: Path) -> Iterator[Tree]:
    """Have the registry read a copy of today's schemas."""
    for path in SOURCES:
        target = folder / path.relative_to(FOLDER)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)
    if PAST.exists():
        shutil.copytree(PAST, folder / "past", dirs_exist_ok=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(registry, "FOLDER", folder)
        _forget()
        yield Tree(folder)
    _forget()


def write(schema: registry.Schema, value: Any) -> bytes:
    """A record as the release that had this schema wrote it."""
    out = io.BytesIO(registry.MARKER + schema.fingerprint)
    out.seek(0, io.SEEK_END)
    fastavro.schemaless_writer(out, schema.parsed, value)
    return out.getvalue()


def plain(record: bytes | None) -> Any:
    """A record field by field, whatever version wrote it; bytes of another kind as they are."""
    return codec.decode(record) if record and record.startswith(registry.MARKER) else record


def rewritten(rows: Iterable[Row], tree: Tree) -> list[Row]:
    """Avro rows as releases wrote them that lacked one field of each; others as they are.

    A field that has one value throughout the rows of a table, so that a default can stand for it;
    where there is none, one for each row.
    """
    made = [(row, plain(row.value)) for row in rows]
    tables: dict[tuple[bytes, str], list[int]] = {}
    for place, (row, value) in enumerate(made):
        if not isinstance(value, bytes):
            table = row.key.partition(b"/")[0], type(value).__name__
            tables.setdefault(table, []).append(place)
    older = [row for row, _ in made]
    for (_, name), places in tables.items():
        records = [made[place][1].to_avro() for place in places]
        for place, record, schema in zip(places, records, _older(tree, name, records), strict=True):
            older[place] = Row(older[place].key, write(schema, record))
    return older


def _older(tree: Tree, name: str, records: Sequence[dict[str, Any]]) -> list[registry.Schema]:
    """A schema for each."""
    came_later = _came_later(tree, name, records)
    if came_later:
        return [tree.older(name, *came_later)] * len(records)
    assert len(records) > 1, f"no field of {name} can do without its value"
    return [schema for record in records for schema in _older(tree, name, [record])]


def _came_later(tree: Tree, name: str, records: Sequence[dict[str, Any]]) -> tuple[str, Any] | None:
    """A field, and the default that all of these records have in it."""
    for field in sorted(json.loads(tree.source(name).read_text())["fields"], key=_has_no_default):
        values = [record[field["name"]] for record in records]
        default = field.get("default", values[0])
        if isinstance(default, PLAIN) and all(value == default for value in values):
            return field["name"], default
    return None


def _has_no_default(field: dict[str, Any]) -> bool:
    return "default" not in field


def _grow(kind: Any) -> None:
    if isinstance(kind, list):
        for branch in kind:
            _grow(branch)
    elif isinstance(kind, dict) and kind["type"] == "record":
        for field in kind["fields"]:
            _grow(field["type"])
        kind["fields"].append(dict(GROWN))
    elif isinstance(kind, dict):
        _grow(kind.get("items", kind.get("values")))


def _forget() -> None:
    registry.current.cache_clear()
    registry.known.cache_clear()
