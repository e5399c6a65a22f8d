"""What shipped stays readable: frozen schemas write their examples, today's read them.

past/ fills at each release (`make freeze`), so the mechanism itself is proved on schemas made
older here: every field that has a default is taken away once.
"""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sidetap_native import Exchange, Reassembler

from schemas import codec, history, registry
from tests.past_schemas import SOURCES, another_release, write

LATER = [
    (path, field["name"])
    for path in SOURCES
    for field in json.loads(path.read_text())["fields"]
    if "default" in field
]

# What native code reads by itself once it is renewed, and whether it could.
NATIVE: dict[str, Callable[[bytes], bool]] = {
    "Exchange": lambda record: len(Exchange(record).id) == 32,
    "PacketBlock": lambda record: Reassembler("packets/3").feed([record]) == [],
}


def test_what_shipped_can_be_read() -> None:
    frozen = sorted(history.PAST.glob("*.avsc"))
    if not frozen:
        pytest.skip("nothing has shipped: schemas/past fills with `make freeze`")
    for path in frozen:
        check_frozen(path)


def check_frozen(path: Path) -> None:
    past = registry.read_schema(path)
    today = registry.current()[past.name]
    source = next(p for p in SOURCES if registry.read_schema(p).name == past.name)
    assert path.stem == f"{past.name}.{past.fingerprint.hex()}"
    assert history.breaks(json.loads(path.read_text()), json.loads(source.read_text())) == []
    lines = path.with_suffix(".jsonl").read_text().splitlines()
    assert lines
    for line in lines:
        written = write(past, history.from_json(past, line))
        native = NATIVE.get(past.name)
        assert native is None or native(codec.renewed(past.name, written))
        record = codec.decode(written)
        assert record.to_avro().keys() == {f["name"] for f in today.parsed["fields"]}


@pytest.mark.parametrize(
    ("path", "field"), LATER, ids=lambda v: v if isinstance(v, str) else v.stem
)
def test_a_record_written_before_a_field_existed(tmp_path: Path, path: Path, field: str) -> None:
    today = json.loads(path.read_text())
    (added,) = [f for f in today["fields"] if f["name"] == field]
    with another_release(tmp_path) as tree:
        schema = tree.older(today["name"], field, added["default"])
        shown = history.examples(registry.current()[today["name"]])
        assert shown
        for value in shown.values():
            data = write(schema, {k: v for k, v in value.items() if k != field})
            assert codec.decode(data).to_avro() == {**value, field: added["default"]}


def test_a_record_is_renewed_where_an_older_schema_wrote_it(tmp_path: Path) -> None:
    value = history.examples(registry.current()["Exchange"])["ordinary"]
    today = write(registry.current()["Exchange"], {**value, "application": ""})
    other = registry.head("Watermark") + b"whatever it is"
    assert [codec.renewed("Exchange", data) for data in (today, other, b"")] == [today, other, b""]
    with another_release(tmp_path) as tree:
        old = write(tree.older("Exchange", "application", ""), value)
        assert codec.renewed("Exchange", old) == today
        with pytest.raises(codec.UndecodableError, match="Exchange is damaged"):
            codec.renewed("Exchange", old[:-1])


def test_some_fields_came_later() -> None:
    assert LATER


def test_freezing_writes_each_schema_once(tmp_path: Path) -> None:
    written = history.freeze(past=tmp_path)
    assert len(written) == 2 * len(SOURCES)
    assert history.freeze(past=tmp_path) == []
    for path in tmp_path.glob("*.avsc"):
        check_frozen(path)


BASE: dict[str, Any] = {
    "type": "record", "name": "R",
    "fields": [
        {"name": "a", "type": "string"},
        {"name": "e", "type": {"type": "enum", "name": "E", "symbols": ["x", "y"], "default": "x"}},
        {"name": "l", "type": {"type": "array", "items": {
            "type": "record", "name": "In", "fields": [{"name": "n", "type": ["null", "int"]}]}}},
        {"name": "m", "type": {"type": "map", "values": "In"}},
        {"name": "s", "type": {"type": "enum", "name": "S", "symbols": ["x"]}},
    ],
}  # fmt: skip


def changed(at: int, **change: Any) -> dict[str, Any]:
    after = copy.deepcopy(BASE)
    after["fields"][at].update(change)
    return after


def with_field(**field: Any) -> dict[str, Any]:
    after = copy.deepcopy(BASE)
    after["fields"].append(field)
    return after


def inner(kind: Any) -> dict[str, Any]:
    after = copy.deepcopy(BASE)
    after["fields"][2]["type"]["items"]["fields"][0]["type"] = kind
    return after


def symbols(at: int, listed: list[str]) -> dict[str, Any]:
    after = copy.deepcopy(BASE)
    after["fields"][at]["type"]["symbols"] = listed
    return after


CHANGES = [
    ("nothing", BASE, []),
    ("documentation", changed(0, doc="more"), []),
    ("a field with a default", with_field(name="z", type="int", default=0), []),
    ("a field without one", with_field(name="z", type="int"), ["R.z: is new and has no default"]),
    ("a symbol at the end", symbols(1, ["x", "y", "z"]), []),
    ("symbols moved", symbols(1, ["y", "x"]), ["R.e: symbols may only be added at the end"]),
    ("a symbol without a default", symbols(4, ["x", "y"]),
     ["R.s: symbols were added to an enum without a default"]),
    ("another type", changed(0, type="bytes"), ["R.a: was string, is bytes"]),
    ("a wider type", inner(["null", "long"]),
     ["R.l[].n: was ['null', 'int'], is ['null', 'long']"]),
    ("another name", changed(0, name="b", default=""), ["R.a: is gone"]),
]  # fmt: skip


@pytest.mark.parametrize(("name", "after", "said"), CHANGES, ids=[c[0] for c in CHANGES])
def test_only_additions_pass(name: str, after: dict[str, Any], said: list[str]) -> None:
    assert history.breaks(BASE, after) == said


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_no_schema_breaks_itself(path: Path) -> None:
    today = json.loads(path.read_text())
    assert history.breaks(today, today) == []
