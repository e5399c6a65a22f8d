"""What becomes a finding, when it is told again, and that nothing depends on where batches end."""

from dataclasses import replace
from functools import cache

import pytest

from schemas.codec import decode, encode
from schemas.types import Exchange, Finding, PolicyEntry, Watermark
from services.detect import core as module
from services.detect.core import DetectCore
from services.detect.settings import Settings
from services.detect.verdict import Inspector
from services.runtime.core import Changes, Event, Row
from services.runtime.masking import Masker
from tests.plain_view import ExchangeView
from tests.traffic import START_US, events, exchange, halves, run, watermark

INJECTION = "/items?id=7%27%20UNION%20SELECT%20name,pass%20FROM%20users--%20"
Records = list[Exchange | Watermark]


@cache
def inspector() -> Inspector:
    return Inspector()


def core(**settings: object) -> DetectCore:
    made = Settings(**settings)  # type: ignore[arg-type]
    return DetectCore(made, Masker(b"key"), ExchangeView, inspector())


def findings(changes: Changes) -> list[Finding]:
    return [decode(out.value) for out in changes.outputs if out.topic == "findings" and out.value]


def exclusion(body: str, *, removed: bool = False, **scope: str) -> Event:
    everywhere = {"site": "", "host": "", "path": "", "where": ""}
    entry = PolicyEntry(
        id="1", kind="exclusion", body=body, by="ann", at_us=0, removed=removed,
        **(everywhere | scope),
    )  # fmt: skip
    return Event("policy", 0, 41, b"1", encode(entry))


def test_an_attack_is_told_at_once_with_where_what_and_why() -> None:
    (found,) = findings(run(core(), [exchange(INJECTION, 500)]))
    assert (found.state, found.kind, found.class_) == ("open", "attack", "sqli")
    assert found.endpoint == "GET /items"
    assert found.client == "198.51.100.23"
    assert "CWE-89" in found.cwe
    assert "T1190" in found.attack
    assert found.would_block
    assert "query.id of GET /items at shop.example" in found.summary
    assert found.summary.endswith("the server answered 500.")
    first = found.evidence[0]
    assert first.where == "query.id"
    assert "UNION SELECT" in first.value
    assert "%20UNION%20SELECT" in first.raw
    assert found.opened_us == START_US


def test_ordinary_requests_say_nothing() -> None:
    changes = run(core(), [exchange(f"/items?page={n}&sort=price", at_s=n) for n in range(20)])
    assert findings(changes) == []
    assert changes.counts["requests"] == 20
    assert changes.rows == []


def test_the_same_attack_again_is_the_same_finding() -> None:
    again: Records = [exchange(INJECTION, 200, at_s=n / 10) for n in range(100)]
    told = findings(run(core(), [*again, watermark(10_000)]))
    assert len({one.id for one in told}) == 1
    assert [one.revision for one in told] == list(range(len(told)))
    assert [one.count for one in told] == [1, 2, 4, 8, 16, 32, 64, 100]
    assert [told[0].state, told[1].state, told[-1].state] == ["open", "updated", "closed"]
    assert len(told[-1].evidence) <= 6
    assert told[-1].evidence[0].exchange == told[0].evidence[0].exchange


def test_other_clients_endpoints_and_classes_are_other_findings() -> None:
    told = findings(
        run(
            core(),
            [
                exchange(INJECTION, serial=1),
                exchange(INJECTION, client="198.51.100.99"),
                exchange(INJECTION.replace("items", "orders")),
                exchange("/items?id=%3Cscript%3Ealert(1)%3C/script%3E"),
            ],
        )
    )
    assert len({one.id for one in told}) == 4
    assert [one.class_ for one in told] == ["sqli", "sqli", "sqli", "xss"]


def test_after_a_quiet_time_it_is_a_new_finding() -> None:
    records: Records = [exchange(INJECTION), watermark(1_000), exchange(INJECTION, at_s=2_000)]
    told = findings(run(core(quiet_s=900), records))
    assert [one.state for one in told] == ["open", "closed", "open"]
    assert told[0].id == told[1].id != told[2].id


def test_the_end_of_a_file_closes_what_is_open() -> None:
    told = findings(run(core(), [exchange(INJECTION), watermark(1, released=True)]))
    assert [one.state for one in told] == ["open", "closed"]


def test_after_a_restart_of_the_agent_the_same_finding_goes_on() -> None:
    records: Records = []
    for at_s in (0, 10, 20):
        records += [exchange(INJECTION, at_s=at_s), watermark(at_s + 1, released=True)]
    told = findings(run(core(), records))
    assert len({one.id for one in told}) == 1
    assert [one.revision for one in told] == [0, 1, 2, 3, 4, 5]
    assert [one.count for one in told] == [1, 1, 2, 2, 3, 3]
    assert [one.state for one in told] == ["open", "closed"] + 2 * ["updated", "closed"]
    assert {one.opened_us for one in told} == {START_US}


def test_a_finding_that_gave_way_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "OPEN_MAX", 1)
    clients = ("10.0.0.1", "10.0.0.2", "10.0.0.1")
    told = findings(
        run(core(), [exchange(INJECTION, at_s=i, client=ip) for i, ip in enumerate(clients)])
    )
    first = [(one.revision, one.count) for one in told if one.client == "10.0.0.1"]
    assert first == [(0, 1), (1, 1), (2, 2)]


def test_ids_that_cannot_come_again_are_forgotten() -> None:
    made = core()
    rows = run(made, [exchange(INJECTION), watermark(1, released=True)]).rows
    assert next(row.key[:7] for row in rows if row.value) == b"closed/"
    after = run(made, [watermark(10_000)]).rows
    assert [row.key[:7] for row in after if row.value is None] == [b"closed/"]
    assert not any(
        row.key.startswith(b"closed/")
        for row in run(core(), [exchange(INJECTION), watermark(10_000)]).rows
    )


def test_a_request_counts_once_however_its_answer_comes() -> None:
    told = findings(run(core(), [*halves(exchange(INJECTION)), watermark(5_000)]))
    assert [one.count for one in told] == [1, 1]
    assert "no answer was seen yet" in told[0].summary


@pytest.mark.parametrize("cut", [1, 3, 7])
def test_nothing_depends_on_where_batches_end(cut: int) -> None:
    records = _mixed()
    whole = findings(run(core(), records))
    one, parts = core(), []
    for at in range(0, len(records), cut):
        one.feed(events(records[at : at + cut], first=at))
        parts += findings(one.take())
    assert parts == whole


@pytest.mark.parametrize("at", [1, 5, 9])
def test_a_core_restored_from_its_rows_goes_on_alike(at: int) -> None:
    records = _mixed()
    calm = findings(run(core(), records))
    first, second = core(), core()
    first.feed(events(records[:at]))
    before = first.take()
    rows: dict[bytes, Row] = {}
    for row in before.rows:
        rows.pop(row.key, None)
        if row.value is not None:
            rows[row.key] = row
    second.restore(rows.values())
    second.feed(events(records[at:], first=at))
    assert findings(before) + findings(second.take()) == calm


def _mixed() -> Records:
    attacks: Records = [exchange(INJECTION, at_s=n, client=f"203.0.113.{n % 3}") for n in range(8)]
    return [
        *attacks,
        watermark(500),
        watermark(950),
        exchange(INJECTION, at_s=960),
        watermark(3_000),
    ]


def test_an_exclusion_switches_off_what_it_names_where_it_says() -> None:
    one = core()
    one.learn(exclusion('{"class": "sqli"}', host="shop.example", path="/items"))
    one.feed(events([exchange(INJECTION), exchange(INJECTION.replace("/items", "/orders"))]))
    (found,) = findings(one.take())
    assert found.endpoint == "GET /orders"
    assert found.policy_offset == 41
    one.learn(exclusion("{}", removed=True))
    one.feed(events([exchange(INJECTION, at_s=1)]))
    assert [one.endpoint for one in findings(one.take())] == ["GET /items"]


def test_an_exclusion_that_cannot_be_read_leaves_the_one_that_it_was_to_replace() -> None:
    one = core()
    one.learn(exclusion('{"class": "sqli"}'))
    one.learn(exclusion('{"clas": "sqli"}'))
    one.feed(events([exchange(INJECTION)]))
    changes = one.take()
    assert findings(changes) == []
    assert len(changes.rejected) == 1


def test_an_exclusion_nobody_can_read_is_rejected_and_changes_nothing() -> None:
    one = core()
    one.learn(exclusion('{"rul": "sqli"}'))
    one.feed(events([exchange(INJECTION)]))
    changes = one.take()
    assert len(findings(changes)) == 1
    assert [rejected.reason for rejected in changes.rejected] == [
        'exclusion 1: its body is not {"rule": …} or {"class": …}'
    ]


def test_what_is_no_exchange_is_rejected_with_its_reason() -> None:
    one = core()
    one.feed([Event("exchanges", 0, 7, None, b"nonsense"), Event("exchanges", 0, 8, None, None)])
    assert [rejected.event.offset for rejected in one.take().rejected] == [7, 8]


def test_secrets_are_masked_and_the_payload_is_not() -> None:
    cookie = (b"Cookie", b"sid=81f0c2aa77' UNION SELECT 1,2,3-- ")
    (found,) = findings(run(core(), [exchange("/", headers=[cookie])]))
    shown = " ".join(one.value + one.raw for one in found.evidence)
    assert "81f0c2aa77" not in shown
    assert "UNION SELECT" in shown


def test_a_request_beyond_the_budgets_is_told_as_such() -> None:
    (found,) = findings(run(core(), [exchange("/upload", method="POST", sent=b"x" * 2_000_000)]))
    assert (found.kind, found.class_, found.severity) == ("system", "overlimit", "info")
    assert "value bytes" in found.summary
    assert not found.would_block


def test_a_mirror_half_an_orphan_and_ebpf_are_stepped_over_without_harm() -> None:
    whole = exchange(INJECTION)
    mirror = replace(whole, mode="mirror", response=None, pairing="none")
    access_log = replace(whole, mode="mirror", request=None, revision=1)
    ebpf = replace(whole, id="0" * 32, mode="ebpf", at_us=whole.at_us + 1)
    orphan = replace(whole, request=None, pairing="none")
    changes = run(core(), [mirror, access_log, ebpf, orphan])
    assert [one.count for one in findings(changes)] == [1, 2]
    assert changes.rejected == []
