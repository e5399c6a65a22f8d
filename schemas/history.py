"""What has shipped: examples, frozen schemas, and what a change would break.

A record on a topic outlives the code that wrote it. `make freeze`, at each release, copies
every schema to past/NAME.FINGERPRINT.avsc with its examples beside it (one a line, Avro's JSON
encoding), so that tests can write as the old code did and read with today's. A schema may only
grow: `breaks` names everything else.
"""

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fastavro

from schemas import registry

FOLDER = Path(__file__).parent
EXAMPLES = FOLDER / "examples"
PAST = FOLDER / "past"


def examples(schema: registry.Schema, folder: Path = EXAMPLES) -> dict[str, Any]:
    """Example records of a schema by file name: folder/RECORD/*.json, as fastavro reads them."""
    paths = sorted((folder / schema.name).glob("*.json"))
    return {path.stem: from_json(schema, path.read_text()) for path in paths}


def from_json(schema: registry.Schema, text: str) -> Any:
    """One record from Avro's JSON encoding (bytes as U+0000–U+00FF, union branches named).

    Raises ValueError, KeyError or TypeError where the text does not fit the schema.
    """
    one_line = io.StringIO(json.dumps(json.loads(text)))
    (value,) = fastavro.json_reader(one_line, schema.parsed)
    fastavro.validate(value, schema.parsed, strict=True)
    return value


def to_json(schema: registry.Schema, value: Any) -> str:
    """The reverse, on one line."""
    out = io.StringIO()
    fastavro.json_writer(out, schema.parsed, [value])
    return out.getvalue()


def freeze(
    sources: Path = FOLDER, examples_folder: Path = EXAMPLES, past: Path = PAST
) -> list[Path]:
    """Copy each schema that is not there yet, with its examples; what was written."""
    past.mkdir(exist_ok=True)
    written: list[Path] = []
    for path in sorted([*sources.glob("*.avsc"), *sources.glob("state/*.avsc")]):
        schema = registry.read_schema(path)
        target = past / f"{schema.name}.{schema.fingerprint.hex()}.avsc"
        if target.exists():
            continue
        shown = examples(schema, examples_folder).values()
        target.write_text(path.read_text())
        lines = "".join(to_json(schema, value) + "\n" for value in shown)
        target.with_suffix(".jsonl").write_text(lines)
        written += [target, target.with_suffix(".jsonl")]
    return written


def breaks(past: dict[str, Any], today: dict[str, Any]) -> list[str]:
    """What in today's schema is more than an addition to a past one, one sentence each.

    Both are parsed .avsc files. Allowed: a new field with a default, a new symbol of an enum
    that has a default, other documentation.
    """
    return list(_type_breaks(past["name"], past, today, _named(past), _named(today)))


def _named(kind: Any) -> dict[str, Any]:
    """Every record and enum inside a schema by name."""
    if isinstance(kind, list):
        return {name: found for branch in kind for name, found in _named(branch).items()}
    if not isinstance(kind, dict):
        return {}
    if kind["type"] == "enum":
        return {kind["name"]: kind}
    if kind["type"] == "record":
        inner = [_named(field["type"]) for field in kind["fields"]]
        return {kind["name"]: kind, **{n: found for each in inner for n, found in each.items()}}
    return _named(kind.get("items", kind.get("values")))


def _type_breaks(
    at: str, past: Any, today: Any, old: dict[str, Any], new: dict[str, Any]
) -> Iterator[str]:
    # A name used again is judged where it was declared.
    past_form, today_form = _form(past), _form(today)
    if past_form != today_form:
        yield f"{at}: was {past_form}, is {today_form}"
    elif isinstance(past, list):
        for index, (before, after) in enumerate(zip(past, today, strict=True)):
            yield from _type_breaks(f"{at}[{index}]", before, after, old, new)
    elif past_form == "array" or past_form == "map":
        part = "items" if past_form == "array" else "values"
        yield from _type_breaks(f"{at}[]", past[part], today[part], old, new)
    elif isinstance(past, dict) and past["type"] == "enum":
        yield from _enum_breaks(at, past, new[past["name"]])
    elif isinstance(past, dict) and past["type"] == "record":
        yield from _record_breaks(at, past, new[past["name"]], old, new)


def _form(kind: Any) -> Any:
    if isinstance(kind, list):
        return [_form(branch) for branch in kind]
    return kind if isinstance(kind, str) else kind.get("name", kind["type"])


def _enum_breaks(at: str, past: dict[str, Any], today: dict[str, Any]) -> Iterator[str]:
    before, after = past["symbols"], today["symbols"]
    if after[: len(before)] != before:
        yield f"{at}: symbols may only be added at the end"
    elif len(after) > len(before) and "default" not in past:
        yield f"{at}: symbols were added to an enum without a default"


def _record_breaks(
    at: str, past: dict[str, Any], today: dict[str, Any], old: dict[str, Any], new: dict[str, Any]
) -> Iterator[str]:
    before = {field["name"]: field for field in past["fields"]}
    after = {field["name"]: field for field in today["fields"]}
    for name, field in before.items():
        if name not in after:
            yield f"{at}.{name}: is gone"
        else:
            yield from _type_breaks(f"{at}.{name}", field["type"], after[name]["type"], old, new)
    for name in after.keys() - before.keys():
        if "default" not in after[name]:
            yield f"{at}.{name}: is new and has no default"


if __name__ == "__main__":
    for frozen in freeze():
        print(frozen.relative_to(FOLDER.parent))
