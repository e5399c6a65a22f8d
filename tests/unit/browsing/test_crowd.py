"""Many clients that act as one, and many that only do the same."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import pytest

from schemas.codec import decode, encode
from schemas.types import Exchange, Finding, Signal, Watermark
from services.browsing import crowd
from services.browsing.crowd import CrowdCore
from services.browsing.settings import Settings
from services.runtime.core import EVERY, Changes, Event, Output
from tests.traffic import START_US, exchange, run, watermark
from tests.unit.browsing.door_scenes import customers, form
from tests.unit.browsing.scenes import Traffic, core, findings, ordered
from tests.unit.browsing.test_forced_browsing import WORDS

PARTITIONS = 3
HOUR_S = 3_600


def signals(records: Traffic) -> list[list[Output]]:
    """What each partition of `exchanges` says of its clients for all to add up."""
    parts: list[list[Exchange | Watermark]] = [[] for _ in range(PARTITIONS)]
    for record in records:
        if isinstance(record, Watermark):
            for part in parts:
                part.append(record)
        else:
            parts[sum(record.client_ip.encode()) % PARTITIONS].append(record)
    return [[out for out in run(core(), part).outputs if out.topic == "signals"] for part in parts]


def added(outputs: list[Output], *, batch: int = 1_000) -> Changes:
    """What one partition of `signals` makes of them."""
    adding, total = CrowdCore(Settings()), Changes()
    events = [Event("signals", 0, i, out.key, out.value) for i, out in enumerate(outputs)]
    for first in range(0, len(events), batch):
        adding.feed(events[first : first + batch])
        changes = adding.take()
        total.outputs += changes.outputs
        total.rows += changes.rows
        total.rejected += changes.rejected
    return total


@cache
def told(make: Callable[[], Traffic]) -> list[Finding]:
    """The findings about many, of traffic that ends."""
    records = make()
    last_us = max(record.at_us for record in records)
    marks = [watermark(at_s) for at_s in range(0, (last_us - START_US) // 1_000_000 + 1, 20)]
    end = watermark((last_us - START_US) / 1_000_000 + 1, released=True)
    parts = signals([*ordered(records, marks), end])
    merged = sorted((out for part in parts for out in part), key=_time)
    return findings(added(merged))


def _time(out: Output) -> int:
    assert out.value is not None
    signal = decode(out.value)
    assert isinstance(signal, Signal)
    return signal.at_us


def host(i: int) -> str:
    """Addresses far apart."""
    return f"{i % 90 + 20}.{i * 7 % 250}.{i * 13 % 250}.{i % 250 + 1}"


def visitors(seconds: int) -> list[Exchange]:
    """People who find what they ask for; now and then a page is gone."""
    return [
        exchange(f"/{word}/{'abcde'[n]}", 404 if (i + n) % 29 == 0 else 200, at_s=i + n * 0.1,
                 client=f"198.51.{i % 200}.{i % 90}")
        for i, word in zip(range(seconds), WORDS * (seconds // len(WORDS) + 1), strict=False)
        for n in range(5)
    ]  # fmt: skip


def scan(count: int, clients: int, every_s: float, at: Callable[[int], str] = host) -> Traffic:
    """One list, shared out."""
    return [
        exchange(f"/{WORDS[i % len(WORDS)]}/{'ghijklmnop'[i // len(WORDS)]}", 404,
                 at_s=i * every_s, client=at(i % clients))
        for i in range(count)
    ]  # fmt: skip


# Attacks ----------------------------------------------------------------------------------------


def a_list_shared_out_at_full_speed() -> Traffic:
    return ordered(visitors(60), scan(1_000, 50, 0.02))


def a_list_shared_out_at_one_a_second() -> Traffic:
    return ordered(visitors(60), scan(600, 50, 1))


def a_list_shared_out_at_one_a_minute() -> Traffic:
    return scan(300, 50, 60)


def a_list_from_one_network() -> Traffic:
    return scan(500, 50, 5, lambda i: f"203.0.113.{i + 1}")


def one_user_from_many_addresses() -> Traffic:
    guesses = [form("admin", f"word{i}", at_s=i * 5, client=host(i % 40)) for i in range(200)]
    return ordered(customers(1_000), guesses)


def one_password_from_many_addresses() -> Traffic:
    tries = [form(f"u{i}", "Summer2026!", at_s=i * 20, client=host(i % 50)) for i in range(200)]
    return ordered(customers(4_000), tries)


def a_stolen_list_from_many_addresses() -> Traffic:
    tries = [form(f"u{i}", f"secret{i}", at_s=i * 0.5, client=host(i % 90)) for i in range(900)]
    return ordered(customers(450), tries)


ATTACKS = {
    a_list_shared_out_at_full_speed: "browsing.distributed",
    a_list_shared_out_at_one_a_second: "browsing.distributed",
    a_list_shared_out_at_one_a_minute: "browsing.distributed",
    a_list_from_one_network: "browsing.network",
    one_user_from_many_addresses: "login.brute_force.distributed",
    one_password_from_many_addresses: "login.password_spraying.distributed",
    a_stolen_list_from_many_addresses: "login.credential_stuffing.distributed",
}

# Look-alikes ------------------------------------------------------------------------------------


def a_broken_deployment() -> Traffic:
    """An app of two hundred phones asks for forty operations that are gone, and for no other."""
    return [
        exchange(f"/v3/{WORDS[path]}", 404, at_s=path * 2 + phone / 100, client=host(phone))
        for path in range(40)
        for phone in range(200)
    ]


def dead_links_from_a_search_engine() -> Traffic:
    """Hundreds of old pages, each asked for by somebody else, who then looks around."""
    return [
        exchange(path, status, at_s=i + n, client=host(i))
        for i in range(400)
        for n, (path, status) in enumerate(
            ((f"/old/{WORDS[i % 90]}/{'abcdef'[i // 90]}", 404), ("/", 200), (f"/p/{i}", 200))
        )
    ]


def noise_of_the_internet() -> Traffic:
    """Thirty machines with the same few paths for doors long known."""
    return [
        exchange(f"/{path}", 404, at_s=machine * 50 + i, client=host(machine))
        for machine in range(30)
        for i, path in enumerate((".env", "wp-login.php", ".git/config", "xmlrpc.php", "admin"))
    ]


def crawlers_of_one_network() -> Traffic:
    """They name themselves and remember what is gone."""
    agent = (b"User-Agent", b"ExampleBot/2.1 (+https://bot.example/about)")
    return [
        exchange(f"/{WORDS[i % 90]}/{'abcdef'[i // 90]}", 404, at_s=i * 2, headers=[agent],
                 client=f"192.0.2.{i % 30}")
        for i in range(400)
    ]  # fmt: skip


def a_door_that_broke() -> Traffic:
    """After ten minutes nobody gets in; all send what the page sends for a password now, twice."""
    after = [
        form(f"user{i}", "undefined", at_s=601 + i + again * 5, client=host(i % 150))
        for i in range(300)
        for again in range(2)
    ]
    return ordered(customers(600, 1), after)


def a_busy_door() -> Traffic:
    """A log-in a second, a fifth of them mistyped at first."""
    return customers(1_200, 1)


def a_phone_on_the_road() -> Traffic:
    """One old pair from forty addresses."""
    phone = [form("joe", "old", at_s=i * 60, client=host(i % 40)) for i in range(120)]
    return ordered(customers(600), phone)


def a_family_that_forgot() -> Traffic:
    """Nine devices, some guesses each."""
    return [form("joe", f"guess{i % 11}", at_s=i * 30, client=host(i % 9)) for i in range(40)]


def retry_storm() -> Traffic:
    """Five hundred phones ask for one thing that is gone, again and again."""
    return [
        exchange(f"/api/v1/{WORDS[i % 3]}", 404, at_s=i / 20, client=host(i % 500))
        for i in range(4_000)
    ]


def monitoring_from_many_places() -> Traffic:
    """Twenty probes, twelve pages, two of which are gone."""
    return [
        exchange(f"/{WORDS[i % 12]}", 404 if i % 12 < 2 else 200, at_s=i, client=host(i % 20))
        for i in range(2_000)
    ]


LOOK_ALIKES = [
    a_broken_deployment, dead_links_from_a_search_engine, noise_of_the_internet,
    crawlers_of_one_network, a_door_that_broke, a_busy_door, a_phone_on_the_road,
    a_family_that_forgot, retry_storm, monitoring_from_many_places,
]  # fmt: skip


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda make: make.__name__)
def test_an_attack_is_named(attack: Callable[[], Traffic]) -> None:
    found = told(attack)
    first = next(one for one in found if one.rule == ATTACKS[attack])
    last = [one for one in found if one.id == first.id][-1]
    assert (first.state, last.state) == ("open", "closed")
    assert first.client == ""
    assert last.count >= first.count
    assert first.evidence[0].exchange


@pytest.mark.parametrize("traffic", LOOK_ALIKES, ids=lambda make: make.__name__)
def test_look_alikes_stay_silent(traffic: Callable[[], Traffic]) -> None:
    assert told(traffic) == []


# How it is added up -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Ended:
    """What readers end up with."""

    findings: dict[str, tuple[int, int, str]]
    rows: dict[bytes, bytes]


def ended(outputs: list[Output], *, batch: int = 1_000) -> Ended:
    changes = added(outputs, batch=batch)
    rows: dict[bytes, bytes] = {}
    for row in changes.rows:
        rows.pop(row.key, None)
        if row.value is not None:
            rows[row.key] = row.value
    last = {one.id: (one.opened_us, one.count, one.state) for one in findings(changes)}
    return Ended(last, rows)


@pytest.mark.parametrize("seed", range(5))
def test_in_whatever_order_partitions_are_read_it_ends_the_same(seed: int) -> None:
    marks = [watermark(0), watermark(700, released=True)]
    parts = signals(ordered(a_list_shared_out_at_one_a_second(), marks))
    in_turn = [out for part in parts for out in part if out.partition != EVERY]
    pulses = [out for part in parts for out in part if out.partition == EVERY]
    dice = random.Random(seed)
    mixed = in_turn.copy()
    dice.shuffle(mixed)
    calm = ended([*in_turn, *pulses])
    assert calm.findings
    assert ended([*mixed, *pulses], batch=dice.randrange(1, 50)) == calm


def test_ids_are_of_exchanges_and_distinct() -> None:
    outputs = [out for part in signals(a_stolen_list_from_many_addresses()) for out in part]
    ids = [decode(out.value).id for out in outputs if out.value]
    assert len(set(ids)) == len(ids) > 1_000


def test_neither_names_nor_passwords_are_passed_on() -> None:
    for part in signals(one_password_from_many_addresses()):
        assert not any(b"Summer" in (out.value or b"") for out in part)
        assert not any(b"user1" in (out.value or b"") + (out.key or b"") for out in part)


def test_what_comes_too_late_is_left_out() -> None:
    late = [out for part in signals(scan(100, 10, 1)) for out in part if out.partition != EVERY]
    pulse = signals([watermark(9 * HOUR_S)])[0]
    adding = CrowdCore(Settings())
    events = [Event("signals", 0, i, out.key, out.value) for i, out in enumerate([*pulse, *late])]
    adding.feed(events)
    assert adding.take().counts["signals_too_late"] == len(late) > 50


def test_rows_are_bounded_and_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crowd, "CROWDS_MAX", 5)
    outputs = [out for part in signals(scan(100, 10, 60)) for out in part]
    kept = [key for key in ended(outputs).rows if key.startswith(b"crowd/")]
    assert len(kept) == 5
    far = signals([watermark(20 * HOUR_S)])[0]
    kept = [key for key in ended([*outputs, *far]).rows if key.startswith(b"crowd/")]
    assert kept == []


def test_unreadable_records_are_rejected_with_a_reason() -> None:
    adding = CrowdCore(Settings())
    adding.feed([
        Event("signals", 0, 0, None, None),
        Event("signals", 0, 1, None, b"nonsense"),
        Event("signals", 0, 2, None, encode(watermark(1))),
    ])  # fmt: skip
    rejected = adding.take().rejected
    assert [one.event.offset for one in rejected] == [0, 1, 2]
    assert all(one.reason for one in rejected)
