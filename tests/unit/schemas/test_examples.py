"""Every example is a record, and every record has an example."""

import json
from pathlib import Path
from typing import Any

import pytest

from schemas import codec, history, registry, types

EXAMPLES = [
    (name, stem, value)
    for name, schema in sorted(registry.current().items())
    for stem, value in history.examples(schema).items()
]
every_example = pytest.mark.parametrize(
    ("name", "stem", "value"), EXAMPLES, ids=[f"{n}/{s}" for n, s, _ in EXAMPLES]
)


def examples(name: str) -> dict[str, Any]:
    return {stem: getattr(types, name).from_avro(value) for n, stem, value in EXAMPLES if n == name}


def test_no_file_was_passed_over() -> None:
    files = [path for path in history.EXAMPLES.rglob("*") if path.is_file()]
    assert len(files) == len(EXAMPLES) > 30
    assert {path.parent.name for path in files} == registry.current().keys()


@every_example
def test_it_survives_the_codec(name: str, stem: str, value: object) -> None:
    record = getattr(types, name).from_avro(value)
    data = codec.encode(record)
    assert data[:10] == registry.head(name)
    assert codec.name_of(data) == name
    assert codec.decode(data) == record
    assert codec.decode(data).to_avro() == value


@every_example
def test_its_file_reads_as_it_was_written(name: str, stem: str, value: object) -> None:
    path = Path(history.EXAMPLES, name, f"{stem}.json")
    again = history.to_json(registry.current()[name], value)
    assert json.loads(again) == json.loads(path.read_text())


def test_exchanges_of_every_mode_and_pairing_are_shown() -> None:
    shown = examples("Exchange").values()
    assert {e.mode for e in shown} == {"tcp", "ebpf", "mirror"}
    assert {e.pairing for e in shown} == {"none", "position", "order"}
    assert any(e.request is None for e in shown)
    assert any(e.response is None for e in shown)
    assert any(e.tls for e in shown)


def test_the_halves_of_a_web_mirror_are_one_exchange() -> None:
    shown = examples("Exchange")
    seen, logged = shown["web_mirror_request"], shown["web_mirror_access_log"]
    assert seen.id == logged.id
    assert (seen.revision, logged.revision) == (0, 1)


def test_findings_of_every_kind_and_state_are_shown() -> None:
    shown = examples("Finding").values()
    kinds = {f.kind for f in shown}
    assert kinds == {"attack", "behaviour", "vulnerability", "api_change", "system"}
    assert {f.state for f in shown} == {"open", "updated", "closed"}


def test_a_file_that_does_not_fit_is_refused() -> None:
    schema = registry.current()["Watermark"]
    with pytest.raises((ValueError, KeyError, TypeError)):
        history.from_json(schema, '{"source": "packets/3", "site": 7}')
