"""What changes about an API is told once, whatever the batches and restarts."""

from collections.abc import Sequence
from typing import Any

import pytest
from sidetap_native import Exchange as NativeExchange

from schemas.codec import decode
from schemas.types import Exchange, Finding, Watermark
from services.discovery.merge import MergeCore
from services.discovery.observe import ObserveCore
from services.discovery.settings import Settings
from services.runtime.core import Event, Output, Row
from tests.traffic import exchange, run, watermark

DAY_S = 86_400
JSON = (b"Content-Type", b"application/json")
Records = list[Exchange | Watermark]


def daily(target: str, days: Sequence[int], status: int = 200, **more: Any) -> list[Exchange]:
    """Used three times on each of these days."""
    return [
        exchange(target, status, at_s=day * DAY_S + 3_600 * i, serial=i, **more)
        for day in days
        for i in range(3)
    ]


def with_clock(calls: list[Exchange], days: int) -> Records:
    """In the order of time, a watermark at noon and at the end of each day."""
    records: list[tuple[int, int, Exchange | Watermark]] = [
        (call.at_us, 0, call) for call in calls
    ]  # fmt: skip
    for half in range(2 * days + 1):
        mark = watermark(half * DAY_S / 2)
        records.append((mark.at_us, 1, mark))
    return [record for _, _, record in sorted(records, key=lambda one: one[:2])]


def told(records: Records, *, batch: int = 10_000, restart: bool = False) -> list[Finding]:
    outputs = run(ObserveCore(0, NativeExchange, Settings()), records, batch=batch).outputs
    said: list[Output] = []
    stored: dict[bytes, bytes] = {}
    core = MergeCore(Settings())
    for i, out in enumerate(outputs):
        core.feed([Event("sightings", 0, i, out.key, out.value)])
        if i % batch and i < len(outputs) - 1:
            continue
        changes = core.take()
        assert changes.rejected == []
        said += changes.outputs
        for row in changes.rows:
            stored.pop(row.key, None)
            if row.value is not None:
                stored[row.key] = row.value
        if restart:
            core = MergeCore(Settings())
            core.restore([Row(key, value) for key, value in stored.items()])
    return [decode(out.value) for out in said if out.topic == "findings" and out.value]


def words(findings: list[Finding]) -> list[tuple[str, str, list[str]]]:
    return [
        (f.rule.removeprefix("api_change."), f.endpoint, [e.where for e in f.evidence])
        for f in findings
    ]


STEADY = daily("/old", range(60))


def often(target: str, days: Sequence[int], times: int) -> list[Exchange]:
    """Used so often on each of these days, in half a day."""
    return [
        exchange(target, at_s=day * DAY_S + i * DAY_S / 2 / times, serial=i)
        for day in days
        for i in range(times)
    ]


def test_what_is_new_is_told_before_it_is_a_share_of_the_whole_life() -> None:
    busy = often("/busy", range(60), 40)
    (finding,) = told(with_clock(busy + often("/busy?lang=de", [59], 12), 60))
    assert words([finding]) == [("changed", "GET /busy", ["query lang is new"])]


def test_what_came_seldom_or_for_minutes_is_noise() -> None:
    busy = often("/busy", range(60), 40)
    assert told(with_clock(busy + often("/busy?debug=1", [59], 9), 60)) == []
    minutes = [exchange("/busy?debug=1", at_s=59 * DAY_S + i, serial=i) for i in range(20)]
    assert told(with_clock([*busy, *minutes], 60)) == []


def test_in_the_first_day_nothing_is_new() -> None:
    assert told(with_clock(daily("/a", [0]) + daily("/b", [0], status=404), 3)) == []


def test_a_new_operation() -> None:
    (finding,) = told(with_clock(STEADY + daily("/fresh", range(5, 60)), 60))
    assert words([finding]) == [("new", "GET /fresh", [])]
    assert (finding.kind, finding.class_, finding.revision) == ("api_change", "api_change", 0)
    assert finding.subject == "shop.example GET /fresh"


@pytest.mark.parametrize(
    ("more", "where"),
    [
        (daily("/old?debug=1", range(5, 60)), "query debug is new"),
        (daily("/old", range(5, 60), status=500), "status 500 is new"),
        (daily("/old", range(5, 60), headers=[(b"X-Api-Key", b"k")]), "auth api_key is new"),
    ],
)
def test_new_parts(more: list[Exchange], where: str) -> None:
    findings = told(with_clock(STEADY + more, 60))
    assert where in [e.where for f in findings for e in f.evidence]
    assert {f.rule for f in findings} == {"api_change.changed"}


def test_an_operation_that_works_without_authentication_now_is_graver() -> None:
    key = [(b"X-Api-Key", b"k")]
    calls = daily("/a", range(20), headers=key) + daily("/a", range(10, 20))
    (finding,) = told(with_clock(calls, 20))
    assert (finding.severity, [e.where for e in finding.evidence]) == (
        "medium",
        ["auth none is new"],
    )


def test_more_parts_of_one_day_are_a_revision() -> None:
    more = [exchange("/old?x=1", at_s=5 * DAY_S + i, serial=i) for i in range(3)]
    more += [exchange("/old?y=1", at_s=5.55 * DAY_S + i, serial=i) for i in range(3)]
    findings = told(with_clock(daily("/old", range(8)) + more, 8))
    assert [(f.revision, f.state, len(f.evidence)) for f in findings] == [
        (0, "open", 1), (1, "updated", 2),
    ]  # fmt: skip
    assert len({f.id for f in findings}) == 1


def test_unused_gone_and_returned() -> None:
    calls = STEADY + daily("/rare", [0, 1, 2, 50, 51])
    assert words(told(with_clock(calls, 60))) == [
        ("unused", "GET /rare", []), ("gone", "GET /rare", []), ("returned", "GET /rare", []),
        ("unused", "GET /rare", []),
    ]  # fmt: skip


def test_a_parameter_that_nobody_sends_any_more() -> None:
    calls = daily("/old?page=1", range(3)) + daily("/old", range(3, 20))
    assert words(told(with_clock(calls, 20))) == [
        ("changed", "GET /old", ["query page is not used any more"])
    ]


def test_a_weekend_is_no_change() -> None:
    week = [day for day in range(30) if day % 7 < 5]
    assert told(with_clock(daily("/a?x=1", week), 30)) == []


def test_names_that_turn_out_to_be_values_are_no_new_operation() -> None:
    names = [f"u{chr(97 + i)}q" for i in range(26)]
    body = {"got": b'{"id":1}', "got_headers": [JSON]}
    calls = [c for name in names[:15] for c in daily(f"/users/{name}", range(20), **body)]
    calls += [c for name in names[15:] for c in daily(f"/users/{name}", range(10, 20), **body)]
    findings = told(with_clock(calls, 20))
    assert not [f for f in findings if f.endpoint == "GET /users/{name}"]


@pytest.mark.parametrize("batch", [1, 3, 10_000])
@pytest.mark.parametrize("restart", [False, True])
def test_batches_and_restarts_change_nothing(batch: int, restart: bool) -> None:
    calls = STEADY + daily("/rare", [0, 1, 2, 50]) + daily("/old?x=1", range(9, 12))
    calls += daily("/fresh", range(7, 20))
    records = with_clock(calls, 60)
    assert told(records, batch=batch, restart=restart) == told(records)
