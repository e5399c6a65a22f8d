"""One finding an issue and place, whatever client showed it, opened, told again and closed."""

import random
from collections.abc import Sequence
from functools import cache

import pytest

from schemas.codec import decode, encode
from schemas.types import Exchange, Finding, PolicyEntry, Watermark
from services.detect import vulnerabilities as module
from services.detect.core import DetectCore
from services.detect.settings import Settings
from services.detect.verdict import Inspector
from services.detect.vulnerabilities import VulnerabilitiesCore
from services.runtime.core import Changes, Event, Output
from services.runtime.masking import Masker
from tests.plain_view import ExchangeView
from tests.traffic import events, exchange, halves, run, watermark

Records = list[Exchange | Watermark]
DAY_S = 86_400
HTML = (b"Content-Type", b"text/html")
TEXT = (b"Content-Type", b"text/plain")
COOKIE = (b"Set-Cookie", b"PHPSESSID=kD83hfLq02Zx; path=/")
PASSWD = b"root:x:0:0:root:/root:/bin/sh\nbin:x:1:1:bin:/bin:/bin/sh\nsys:x:2:2:sys:/dev:/bin/sh\n"
TRAVERSAL = "/view?file=../../../../etc/passwd"
TRACE = b'Traceback (most recent call last):\n  File "/srv/app.py", line 3, in get\nKeyError: 7'


@cache
def inspector() -> Inspector:
    return Inspector()


def observer(partition: int = 0) -> DetectCore:
    return DetectCore(
        Settings(), Masker(b"key"), ExchangeView, inspector(), partition=partition
    )  # fmt: skip


def parts(changes: Changes) -> list[Output]:
    return [output for output in changes.outputs if output.topic == "weaknesses"]


def merged(outputs: Sequence[Output], core: VulnerabilitiesCore | None = None) -> list[Finding]:
    core = core or VulnerabilitiesCore(Settings())
    core.feed([Event("weaknesses", 0, i, out.key, out.value) for i, out in enumerate(outputs)])
    changes = core.take()
    assert changes.rejected == []
    return [decode(out.value) for out in changes.outputs if out.value]


def told(records: Records, *, batch: int = 10_000) -> list[Finding]:
    """What is told of the vulnerabilities of these exchanges."""
    return merged(parts(run(observer(), records, batch=batch)))


def leaking(path: str = "/orders/17", at_s: float = 0, client: str = "198.51.100.23") -> Exchange:
    return exchange(path, 500, at_s=at_s, client=client, got=TRACE, got_headers=[TEXT])


def test_an_issue_is_one_finding_whoever_shows_it() -> None:
    records: Records = [leaking(f"/orders/{n}", n, f"203.0.113.{n}") for n in range(9)]
    found = told([*records, watermark(20), watermark(40, released=True)])
    assert [one.state for one in found] == ["updated", "closed"]
    assert len({one.id for one in found}) == 1
    last = found[-1]
    assert (last.kind, last.class_, last.count, last.client) == (
        "vulnerability",
        "stack_trace",
        9,
        "",
    )
    assert last.endpoint == "GET /orders/{id}"
    assert last.grade == "confirmed"
    assert last.revision > found[0].revision
    assert [one.exchange for one in last.evidence] == [records[0].id, records[-1].id]  # type: ignore[union-attr]
    assert "GET /orders/{id} at shop.example answers (500) with a trace of Python" in last.summary
    assert last.advice


def test_other_places_and_kinds_are_other_findings() -> None:
    found = told(
        [leaking("/a"), leaking("/b"), exchange("/a", got_headers=[HTML, COOKIE]), watermark(20)]
    )
    assert [(one.class_, one.endpoint) for one in sorted(found, key=lambda one: one.endpoint)] == [
        ("cookie_flags", ""), ("stack_trace", "GET /a"), ("stack_trace", "GET /b"),
    ]  # fmt: skip


def test_it_is_closed_a_day_after_it_was_seen_last_and_opens_anew() -> None:
    found = told(
        [leaking(), watermark(20), watermark(DAY_S - 20), watermark(DAY_S + 20),
         leaking(at_s=2 * DAY_S), watermark(2 * DAY_S + 20)], batch=1
    )  # fmt: skip
    assert [one.state for one in found] == ["open", "closed", "open"]
    assert found[0].id == found[1].id != found[2].id


def test_after_an_agent_restarted_it_goes_on() -> None:
    records: Records = [
        leaking(),
        watermark(20, released=True),
        leaking(at_s=40),
        watermark(60, released=True),
    ]
    found = told(records, batch=1)
    assert len({one.id for one in found}) == 1
    assert found[-1].count == 2
    assert [one.revision for one in found] == sorted({one.revision for one in found})


def test_what_is_told_in_the_end_does_not_depend_on_cuts_partitions_and_order() -> None:
    records: Records = [leaking(f"/orders/{n % 3}x", n, f"203.0.113.{n % 7}") for n in range(40)]
    whole = told([*records, watermark(100, released=True)])
    dice = random.Random(2)
    spread: list[Output] = []
    for partition in range(3):
        core = observer(partition)
        mine = [record for n, record in enumerate(records) if n % 3 == partition]
        for first in range(0, len(mine), 4):
            core.feed(events(mine[first : first + 4]))
            spread += parts(core.take())
    dice.shuffle(spread)
    end = parts(run(observer(), [watermark(100, released=True)]))
    assert _last(merged([*spread, *end])) == _last(whole)


def _last(found: list[Finding]) -> list[Finding]:
    return sorted({one.id: one for one in found}.values(), key=lambda one: one.id)


def test_a_restored_core_goes_on_alike() -> None:
    records: Records = [leaking(at_s=n * 9) for n in range(12)]
    outputs = parts(run(observer(), [*records, watermark(60), *records, watermark(200)], batch=3))
    steady, first, second = (VulnerabilitiesCore(Settings()) for _ in range(3))
    calm = merged(outputs, steady)
    half = [Event("weaknesses", 0, i, out.key, out.value) for i, out in enumerate(outputs)]
    first.feed(half[:5])
    before = first.take()
    second.restore([row for row in before.rows if row.value is not None])
    second.feed(half[5:])
    said = [decode(out.value) for out in [*before.outputs, *second.take().outputs] if out.value]
    assert said == calm


def test_the_one_longest_unseen_gives_way_and_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "OPEN_MAX", 1)
    records: Records = [leaking("/a"), leaking("/b", 1), leaking("/a", 2), watermark(20)]
    found = [one for one in told(records, batch=1) if one.endpoint == "GET /a"]
    assert [one.count for one in found] == [1, 2]
    assert len({one.id for one in found}) == 1


def test_an_attack_that_was_answered_is_surer_and_graver() -> None:
    plain = exchange(TRAVERSAL, 404, got=b"no", got_headers=[HTML])
    worked = exchange(TRAVERSAL, 200, at_s=1, got=PASSWD, got_headers=[HTML])
    changes = run(observer(), [plain, worked, watermark(20)])
    attacks = [
        decode(out.value) for out in changes.outputs if out.topic == "findings" and out.value
    ]
    assert [(one.severity, one.grade) for one in attacks] == [
        ("high", "none"),
        ("critical", "confirmed"),
    ]
    assert attacks[-1].confidence >= 0.95
    assert "the accounts of a Unix system: it worked (confirmed)." in attacks[-1].summary
    assert attacks[-1].evidence[0].where == "response.body"
    (issue,) = merged(parts(changes))
    assert (issue.kind, issue.class_, issue.severity) == ("vulnerability", "lfi", "high")
    assert issue.title == "Path traversal that works at shop.example"
    assert "CWE-22" in issue.cwe


def test_an_attack_that_failed_opens_no_vulnerability() -> None:
    assert told([exchange(TRAVERSAL, 404, got=b"no", got_headers=[HTML]), watermark(20)]) == []


def test_an_answer_in_a_later_record_counts_and_the_request_counts_once() -> None:
    whole = exchange(TRAVERSAL, 200, got=PASSWD, got_headers=[HTML])
    changes = run(observer(), [*halves(whole, repeated=True), watermark(20)])
    attacks = [
        decode(out.value) for out in changes.outputs if out.topic == "findings" and out.value
    ]
    assert [(one.count, one.grade) for one in attacks] == [(1, "none"), (1, "confirmed")]
    assert len(merged(parts(changes))) == 1


def test_secrets_are_not_shown() -> None:
    key = "AKIA" + "Q7JZ3LMX2VTRW9KB"
    body = f'{{"key": "{key}"}}'.encode()
    shown = exchange(
        "/config", got=body, got_headers=[(b"Content-Type", b"application/json"), COOKIE]
    )
    for finding in told([shown, watermark(20)]):
        text = str(finding)
        assert key not in text
        assert "kD83hfLq02Zx" not in text
        assert finding.evidence


def test_an_exclusion_switches_off_a_vulnerability() -> None:
    core = observer()
    entry = PolicyEntry(
        id="1", kind="exclusion", body='{"class": "stack_trace"}', by="ann", at_us=0, removed=False,
        site="", host="shop.example", path="/orders", where="",
    )  # fmt: skip
    core.learn(Event("policy", 0, 41, b"1", encode(entry)))
    changes = run(core, [leaking(), leaking("/b"), watermark(20)])
    assert [(one.endpoint, one.policy_offset) for one in merged(parts(changes))] == [("GET /b", 41)]


def test_what_is_no_part_is_rejected_with_its_reason() -> None:
    core = VulnerabilitiesCore(Settings())
    core.feed([Event("weaknesses", 0, 7, None, b"nonsense"), Event("weaknesses", 0, 8, None, None),
               Event("weaknesses", 0, 9, None, encode(leaking()))])  # fmt: skip
    assert [rejected.event.offset for rejected in core.take().rejected] == [7, 8, 9]
