"""What changed since a moment, from the endpoints alone."""

import json

import pytest

from schemas.types import Endpoint, Exchange
from services.cli.api_changes import show, since
from services.cli.output import Format
from services.discovery.settings import Settings
from tests.inventory import inventory, merged, sightings
from tests.traffic import START_US, exchange, watermark

DAY_S = 86_400


def daily(target: str, days: range) -> list[Exchange]:
    return [
        exchange(target, at_s=day * DAY_S + i * 400, serial=i) for day in days for i in range(2)
    ]  # fmt: skip


def known() -> list[Endpoint]:
    calls = [*daily("/old", range(12)), *daily("/left", range(2)), *daily("/fresh", range(9, 12)),
             *daily("/fresh?y=1", range(11, 12)), *daily("/old?x=1", range(10, 12))]  # fmt: skip
    records: list[Exchange] = sorted(calls, key=lambda call: call.at_us)
    outputs = sightings([*records, watermark(12 * DAY_S, released=True)])
    return list(inventory(merged(outputs)).values())


def changed(day: int) -> list[tuple[str, str, str]]:
    found = since(known(), START_US + day * DAY_S * 1_000_000, Settings())
    return [(change.kind, endpoint.template, change.what) for change, endpoint in found]


def test_what_is_older_is_left_out() -> None:
    later = [("new", "/fresh", ""), ("changed", "/old", "query x is new")]
    assert changed(9) == later
    assert changed(5) == [("unused", "/left", ""), *later]
    assert changed(10) == [
        ("changed", "/old", "query x is new"), ("changed", "/fresh", "query y is new"),
    ]  # fmt: skip
    assert changed(12) == []


def test_forms(capsys: pytest.CaptureFixture[str]) -> None:
    found = since(known(), START_US + 9 * DAY_S * 1_000_000, Settings())
    show(found, Format.jsonl)
    first, _ = map(json.loads, capsys.readouterr().out.splitlines())
    assert (first["kind"], first["change"], first["template"]) == ("change", "new", "/fresh")
    show(found, Format.table)
    assert "2 changes" in capsys.readouterr().out
