"""Who keeps the servers busy for many, and who only asks often or waits long."""

import random
from collections.abc import Callable
from dataclasses import replace

import pytest

from schemas.codec import decode_as
from schemas.types import Exchange, Load
from services.browsing.floods import BASE_MS, COST_MS_MAX, UNIT_MS
from tests.traffic import body, exchange, halves, run, watermark
from tests.unit.browsing.scenes import (
    ATTACKER,
    Traffic,
    core,
    findings,
    ordered,
    told,
)
from tests.unit.browsing.test_objects import bearer, cookie

CLASSES = {"request_flood"}
MIB = 1 << 20


def costly(one: Exchange, *, ms: int = 5, got: int = 0) -> Exchange:
    """The exchange with a server that took so long and an answer of so many bytes."""
    assert one.response is not None
    answer = replace(body(b""), wire_bytes=got)
    return replace(one, latency_us=ms * 1_000, response=replace(one.response, body=answer))


def visitors(seconds: int) -> list[Exchange]:
    """People who open a page with what belongs to it, and read."""
    dice = random.Random(8)
    return [
        costly(exchange(f"/p/{n}", at_s=at_s + n / 30, client=f"198.51.100.{at_s % 250}"),
               ms=dice.choice((3, 8, 30, 200)), got=dice.randrange(60_000))
        for at_s in range(0, seconds, 2)
        for n in range(12)
    ]  # fmt: skip


def asked(count: int, every_s: float, *, ms: int, got: int = 0, target: str = "/search") -> Traffic:
    return [
        costly(exchange(f"{target}?n={i}", at_s=i * every_s, client=ATTACKER), ms=ms, got=got)
        for i in range(count)
    ]


# Attacks ----------------------------------------------------------------------------------------


def slow_searches_at_the_same_time() -> Traffic:
    return ordered(visitors(120), asked(900, 0.1, ms=3_000))


def cheap_requests_by_the_thousand() -> Traffic:
    return ordered(visitors(60), asked(24_000, 0.0015, ms=4))


def large_answers_again_and_again() -> Traffic:
    return ordered(visitors(120), asked(1_200, 0.1, ms=10, got=20 * MIB))


def one_costly_operation_of_a_graph() -> Traffic:
    """GraphQL that nests: 6 s each, three a second."""
    calls = [
        costly(exchange("/graphql", at_s=i / 3, client=ATTACKER, method="POST", serial=i), ms=6_000)
        for i in range(300)
    ]
    return ordered(visitors(100), calls)


def with_a_cookie_for_each_request() -> Traffic:
    calls = [
        costly(exchange("/report", at_s=i / 10, client=ATTACKER, headers=cookie(f"made{i}")),
               ms=4_000)
        for i in range(900)
    ]  # fmt: skip
    return ordered(visitors(90), calls)


def with_tokens_that_are_refused() -> Traffic:
    calls = [
        costly(exchange("/report", 401, at_s=i / 20, client=ATTACKER,
                        headers=bearer(f"u{i % 20}")), ms=900)
        for i in range(2_400)
    ]  # fmt: skip
    return ordered(visitors(120), calls)


ATTACKS = [
    slow_searches_at_the_same_time, cheap_requests_by_the_thousand, large_answers_again_and_again,
    one_costly_operation_of_a_graph, with_a_cookie_for_each_request, with_tokens_that_are_refused,
]  # fmt: skip

# Look-alikes ------------------------------------------------------------------------------------


def nat_office() -> Traffic:
    """A hundred and twenty people behind one address, at a tool that takes its time."""
    dice = random.Random(9)
    return [
        costly(exchange(f"/tool/{n}", at_s=n / 30, headers=bearer(f"u{dice.randrange(120)}")),
               ms=dice.randrange(200, 900))
        for n in range(5_400)
    ]  # fmt: skip


def monitoring() -> Traffic:
    """Ten checks a second, for ever."""
    agent = [(b"User-Agent", b"ExampleMonitor/1.0")]
    return [
        costly(exchange("/health", at_s=i / 10, headers=agent, serial=i), ms=40)
        for i in range(6_000)
    ]


def mobile_retry_storm() -> Traffic:
    """A phone that tries again fifty times a second while the server is down."""
    return [
        costly(exchange("/api/profile", 503, at_s=i / 50, serial=i), ms=2) for i in range(6_000)
    ]


def a_crawler() -> Traffic:
    """Twenty pages a second, two hundred milliseconds each."""
    agent = [(b"User-Agent", b"ExampleBot/2.1 (+https://bot.example/about)")]
    return [
        costly(exchange(f"/page/{i}", at_s=i / 20, headers=agent), ms=200, got=40_000)
        for i in range(4_000)
    ]


def a_migration_after_a_broken_deploy() -> Traffic:
    """Everything takes eight seconds; browsers hold six requests open, and people try again."""
    return [
        costly(exchange(f"/p/{n}", 504, at_s=i * 8 + n / 50, client=f"198.51.100.{user}", serial=i),
               ms=8_000)
        for i in range(20)
        for n in range(6)
        for user in range(8)
    ]  # fmt: skip


def a_single_page_app() -> Traffic:
    """Three hundred parts in two seconds, then a call a second."""
    parts = [costly(exchange(f"/a/{i}.js", at_s=i / 150), ms=15, got=90_000) for i in range(300)]
    calls = [costly(exchange("/api/state", at_s=2 + i, serial=i), ms=60) for i in range(300)]
    return [*parts, *calls]


def long_polls() -> Traffic:
    """Twenty tabs that wait half a minute for each answer."""
    return [
        costly(exchange(f"/events?tab={tab}", at_s=i * 30 + tab, serial=i), ms=29_500)
        for i in range(10)
        for tab in range(20)
    ]


def a_download() -> Traffic:
    """Images of a system, a gigabyte each, one after the other."""
    return [
        costly(exchange(f"/image/{i}.iso", at_s=i * 9), ms=30, got=1_024 * MIB) for i in range(20)
    ]


def a_slow_report() -> Traffic:
    """Somebody asks again and again for what takes forty seconds."""
    return [
        costly(exchange("/report", 200 if i % 2 else 504, at_s=i * 4, serial=i), ms=40_000)
        for i in range(60)
    ]


def a_nightly_export() -> Traffic:
    """A job that pages through everything, four requests at a time."""
    return [
        costly(exchange(f"/export?page={i}", at_s=i / 8, headers=bearer("job")), ms=480, got=MIB)
        for i in range(4_000)
    ]


def video() -> Traffic:
    """Pieces of ten megabytes, every two seconds."""
    return [costly(exchange(f"/v/{i}.ts", at_s=i * 2), ms=20, got=10 * MIB) for i in range(300)]


def partners_that_are_always_busy() -> Traffic:
    """Gateways that cost as five at a time, as usual here; then one of them three times as much."""
    usual = [
        costly(exchange(f"/feed?n={i}", at_s=i / 5, client=f"192.0.2.{partner}"), ms=1_000)
        for i in range(900)
        for partner in range(12)
    ]
    return [*usual, *(replace(one, at_us=one.at_us + 180_000_000)
                      for one in asked(1_800, 1 / 15, ms=1_000))]  # fmt: skip


LOOK_ALIKES = [
    nat_office, monitoring, mobile_retry_storm, a_crawler, a_migration_after_a_broken_deploy,
    a_single_page_app, long_polls, a_download, a_slow_report, a_nightly_export, video,
    partners_that_are_always_busy,
]  # fmt: skip


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda make: make.__name__)
def test_an_attack_is_found(attack: Callable[[], Traffic]) -> None:
    found = [one for one in told(attack) if one.class_ in CLASSES]
    assert {one.client for one in found} == {ATTACKER}
    assert found[0].owasp == ("API4:2023",)
    assert "servers busy all the time" in found[0].summary


@pytest.mark.parametrize("traffic", LOOK_ALIKES, ids=lambda make: make.__name__)
def test_look_alikes_stay_silent(traffic: Callable[[], Traffic]) -> None:
    assert [one for one in told(traffic) if one.class_ in CLASSES] == []


@pytest.mark.parametrize("repeated", [True, False])
def test_answers_in_a_second_record_count_as_well(repeated: bool) -> None:
    pairs = [halves(one, repeated=repeated) for one in asked(900, 0.1, ms=3_000)]
    requests, answers = zip(*pairs, strict=True)
    found = findings(run(core(), [*requests, *answers]))
    assert {one.class_ for one in found} == CLASSES
    assert found[0].count > 100


def test_trusted_networks_stay_silent() -> None:
    assert findings(run(core(trusted=("203.0.113.0/24",)), asked(900, 0.1, ms=3_000))) == []


def test_samples_add_up_to_the_cost() -> None:
    for ms in (1, 80, 700):
        rows = {row.key: row.value for row in run(core(), asked(3_000, 0.001, ms=ms)).rows}
        (load,) = [decode_as(Load, row) for key, row in rows.items()
                   if key.startswith(b"load/") and row]  # fmt: skip
        cost = 3_000 * (ms + BASE_MS)
        assert abs(load.now_ms + load.before_ms - cost) < 4 * UNIT_MS * (cost / UNIT_MS) ** 0.5
        assert abs(load.requests - 3_000) < 900


def test_a_client_that_costs_little_leaves_hardly_a_row() -> None:
    rows = run(core(), visitors(120)).rows
    clients = {row.key for row in rows if row.key.startswith(b"load/")}
    assert len(clients) < 60 / 2


def test_a_client_stays_under_2_kib_at_its_worst() -> None:
    calls = [
        costly(exchange("/r", at_s=i / 20, client="2001:db8:1234:5678::abcd", serial=i,
                        headers=cookie(f"c{i % 90}")), ms=COST_MS_MAX)
        for i in range(4_000)
    ]  # fmt: skip
    rows = {row.key: row.value for row in run(core(flood_busy=1), calls).rows}
    kept = [value for key, value in rows.items() if key.startswith((b"load/", b"suspicion/"))]
    assert len(kept) == 2
    assert 500 < sum(len(value) for value in kept if value) <= 2_048


def test_all_is_forgotten_when_the_watermark_has_passed() -> None:
    changes = run(core(), [*asked(900, 0.1, ms=3_000), watermark(8 * 86_400)])
    rows = {row.key: row.value for row in changes.rows}
    kept = {key.partition(b"/")[0] for key, value in rows.items() if value is not None}
    assert kept == {b"share", b"watermark"}
    assert [one.state for one in findings(changes)][-1] == "closed"
