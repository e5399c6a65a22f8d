"""Who tries doors, and who only fails at them."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from schemas.codec import decode
from schemas.types import Advice
from services.browsing import doors
from tests.traffic import exchange, halves, run, watermark
from tests.unit.browsing.door_scenes import (
    ATTACKS,
    CLASSES,
    DAY_S,
    LOOK_ALIKES,
    RULES,
    form,
    one_user_many_passwords,
)
from tests.unit.browsing.scenes import ATTACKER, Traffic, core, findings, told


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda make: make.__name__)
def test_an_attack_is_named(attack: Callable[[], Traffic]) -> None:
    found = [one for one in told(attack) if one.class_ in CLASSES]
    assert {one.class_ for one in found} == {RULES[attack]}
    assert {one.client for one in found} == {ATTACKER}


@pytest.mark.parametrize("traffic", LOOK_ALIKES, ids=lambda make: make.__name__)
def test_look_alikes_stay_silent(traffic: Callable[[], Traffic]) -> None:
    assert told(traffic) == []


# What is told -----------------------------------------------------------------------------------


def test_who_was_let_in_makes_it_critical_at_once() -> None:
    guesses = [form("admin", f"word{i}", at_s=i) for i in range(20)]
    hit = form("admin", "sesame", at_s=30, good=True)
    found = findings(run(core(), [*guesses, hit, watermark(5_000)]))
    assert [one.severity for one in found] == ["medium", "critical", "critical"]
    assert [one.state for one in found] == ["open", "updated", "closed"]
    assert [one.revision for one in found] == [0, 1, 2]
    assert "1 were let in" in found[1].summary
    assert found[1].evidence[-1].rule == "login.brute_force.found"
    assert "sesame" not in str(found)


def test_a_repeated_pair_is_no_new_evidence() -> None:
    guesses = [form("admin", f"word{i % 20}", at_s=i) for i in range(400)]
    found = findings(run(core(), [*guesses, watermark(5_000)]))
    assert found[-1].count == 20


def test_advice_denies_the_guesser_for_a_while() -> None:
    changes = run(core(), one_user_many_passwords())
    advice = [decode(out.value) for out in changes.outputs if out.topic == "advice" and out.value]
    assert all(isinstance(one, Advice) for one in advice)
    assert {(one.action, one.value) for one in advice} == {("would_deny", ATTACKER)}


def test_trusted_networks_stay_silent() -> None:
    assert findings(run(core(trusted=("203.0.113.0/24",)), one_user_many_passwords())) == []


@pytest.mark.parametrize("repeated", [True, False])
def test_answers_in_a_second_record_count_as_well(repeated: bool) -> None:
    pairs = [halves(form("admin", f"word{i}", at_s=i), repeated=repeated) for i in range(20)]
    requests, answers = zip(*pairs, strict=True)
    (found,) = findings(run(core(), [*requests, *answers]))
    assert (found.class_, found.count) == ("brute_force", 15)
    assert found.endpoint == "POST /login"


def test_a_session_that_ends_and_goes_on_is_one_finding() -> None:
    guesses = [form("admin", f"word{i}", at_s=i / 10) for i in range(80)]
    records = [*guesses[:40], watermark(4, released=True), *guesses[40:]]
    found = findings(run(core(), records))
    assert len({one.id for one in found}) == 1
    assert [one.revision for one in found] == list(range(len(found)))


# What is kept -----------------------------------------------------------------------------------


def test_a_client_stays_under_2_kib_at_its_worst() -> None:
    path = "/login/" + "very-long-name-" * 40
    records = [form(f"u{i}", f"w{i}", at_s=i, path=path, good=i % 99 == 98) for i in range(500)]
    rows = {row.key: row.value for row in run(core(), records).rows}
    client = [value for key, value in rows.items() if key.startswith((b"attempts/", b"suspicion/"))]
    assert len(client) == 2
    assert sum(len(value) for value in client if value) <= 2_048


def test_all_is_forgotten_when_the_watermark_has_passed() -> None:
    changes = run(core(), [*one_user_many_passwords(), watermark(8 * DAY_S)])
    rows = {row.key: row.value for row in changes.rows}
    kept = {key.partition(b"/")[0] for key, value in rows.items() if value is not None}
    assert kept == {b"share", b"watermark"}


def test_beyond_the_limit_the_oldest_client_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doors, "ATTEMPTS_MAX", 1)
    slow = [form("admin", f"word{i}", at_s=i) for i in range(20)]
    other = [replace(one, client_ip="192.0.2.50") for one in slow]
    mixed = [one for pair in zip(slow, other, strict=True) for one in pair]
    assert findings(run(core(), mixed)) == []


@pytest.mark.parametrize(
    "sent",
    [b"", b"{", b'{"password": "a"', b'["password"]', b'{"password": {"password": {"x": []}}}',
     b"--b\r\npassword", b"password=%zz&user=%00", b"&".join([b"password=a"] * 500),
     b"password=" + b"\xff" * 100, b"\x1f\x8b\x08password"],
)  # fmt: skip
def test_damaged_bodies_do_no_harm(sent: bytes) -> None:
    records = [
        exchange("/login", 401, method="POST", sent=sent, at_s=i, got_encoding="gzip", serial=i)
        for i in range(3)
    ]
    assert run(core(), records).rejected == []
