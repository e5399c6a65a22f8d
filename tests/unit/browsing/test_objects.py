"""Who asks for object after object, and who only has many."""

import base64
import random
from collections.abc import Callable
from uuid import UUID

import orjson
import pytest
from sidetap_native import Exchange as NativeExchange

from schemas.codec import encode
from schemas.types import Exchange
from services.browsing.objects import object_of
from services.browsing.session import session_of
from tests.traffic import Headers, exchange, halves, run, watermark
from tests.unit.browsing.scenes import (
    ATTACKER,
    Traffic,
    core,
    findings,
    ordered,
    told,
)

CLASSES = {"object_enumeration"}


def bearer(user: str, serial: int = 0) -> Headers:
    """A JSON web token of this user; another with each serial."""
    claims = base64.urlsafe_b64encode(orjson.dumps({"sub": user, "iat": serial})).rstrip(b"=")
    return [(b"Authorization", b"Bearer eyJhbGciOiJub25lIn0." + claims + b".c2ln%d" % serial)]


def cookie(value: str) -> Headers:
    return [(b"Cookie", f"theme=dark; PHPSESSID={value}; _ga=1.{value}".encode())]


def users(seconds: int, *, most: int = 5) -> list[Exchange]:
    """Each looks at some orders of its own, mostly."""
    dice, seen = random.Random(6), []
    for user in range(seconds // 8):
        for n in range(dice.randrange(1, most)):
            seen.append(
                exchange(f"/api/orders/{user * 40 + n}", 200, at_s=user * 8 + n,
                         client=f"198.51.100.{user % 200}", headers=bearer(f"u{user}"))
            )  # fmt: skip
    return seen


def uuid(i: int) -> str:
    return str(UUID(int=random.Random(i).getrandbits(128)))


# Attacks ----------------------------------------------------------------------------------------


def one_number_after_the_other() -> Traffic:
    walk = [
        exchange(f"/api/orders/{90_000 + i}", 200, at_s=3_000 + i, client=ATTACKER,
                 headers=bearer("eve"))
        for i in range(200)
    ]  # fmt: skip
    return ordered(users(3_600), walk)


def one_after_the_other_and_refused() -> Traffic:
    return [
        exchange(f"/api/orders/{i}", 200 if i % 7 == 0 else 403, at_s=i / 4, client=ATTACKER,
                 headers=bearer("eve"))
        for i in range(300)
    ]  # fmt: skip


def numbers_at_random() -> Traffic:
    dice = random.Random(1)
    walk = [
        exchange(f"/api/orders/{dice.randrange(100_000)}", 404 if i % 3 else 200, at_s=i * 2,
                 client=ATTACKER, headers=cookie("eve1"))
        for i in range(200)
    ]  # fmt: skip
    return ordered(users(600), walk)


def without_any_session() -> Traffic:
    return [
        exchange(f"/invoice?id={i}", 404 if i % 2 else 200, at_s=i / 9, client=ATTACKER)
        for i in range(400)
    ]


def two_ids_in_a_path() -> Traffic:
    return [
        exchange(f"/users/17/documents/{i}", 403 if i % 5 else 200, at_s=i, client=ATTACKER,
                 headers=bearer("eve", i))
        for i in range(120)
    ]  # fmt: skip


def uuids_from_a_leak() -> Traffic:
    return [
        exchange(f"/files/{uuid(i)}", 403 if i % 4 else 200, at_s=i * 3, client=ATTACKER,
                 headers=cookie("eve2"))
        for i in range(150)
    ]  # fmt: skip


def logged_in_again_and_again(user: Callable[[int], str], client: str) -> Traffic:
    """Twelve sessions of twenty objects each, each begun by a log-in."""
    made = []
    for n in range(12):
        crumb = f"PHPSESSID=s{n}".encode()
        made.append(
            exchange(
                "/login", 302, at_s=n * 30, client=client, method="POST",
                headers=[(b"Content-Type", b"application/x-www-form-urlencoded")],
                sent=f"user={user(n)}&password=hers".encode(),
                got_headers=[(b"Set-Cookie", crumb + b"; HttpOnly"), (b"Location", b"/account")],
            )
        )  # fmt: skip
        made += [
            exchange(f"/invoices/{n * 20 + i}", 403 if i % 3 else 200, at_s=n * 30 + 1 + i,
                     client=client, headers=[(b"Cookie", crumb)])
            for i in range(20)
        ]  # fmt: skip
    return made


def with_a_new_log_in_for_every_twenty() -> Traffic:
    """One account whose sessions end before their limit: the log-ins say that they are one."""
    return logged_in_again_and_again(lambda _: "eve", ATTACKER)


ATTACKS = [
    one_number_after_the_other, one_after_the_other_and_refused, numbers_at_random,
    without_any_session, two_ids_in_a_path, uuids_from_a_leak, with_a_new_log_in_for_every_twenty,
]  # fmt: skip

# Look-alikes ------------------------------------------------------------------------------------


def nat_office() -> Traffic:
    """A hundred people behind one address, each with some orders, some of which are gone."""
    return [
        exchange(f"/api/orders/{person * 40 + n}", 404 if n == 3 else 200, at_s=person * 4 + n,
                 client="192.0.2.1", headers=cookie(f"p{person:04}"))
        for person in range(100)
        for n in range(4)
    ]  # fmt: skip


def a_phone_that_syncs() -> Traffic:
    """Three hundred messages of one's own."""
    return [
        exchange(f"/messages/{uuid(i)}", 200, at_s=i / 5, client="192.0.2.2",
                 headers=bearer("ann"))
        for i in range(300)
    ]  # fmt: skip


def everybody_pages_through() -> Traffic:
    """An app that fetches seventy items one by one, for each of its users."""
    return [
        exchange(f"/items/{user * 100 + i}", 200, at_s=user * 10 + i / 10,
                 client=f"198.51.100.{user}", headers=bearer(f"u{user}"))
        for user in range(60)
        for i in range(70)
    ][70 * 25 :]  # fmt: skip


def colleagues_who_log_in() -> Traffic:
    """Behind one address, each with twenty objects that are half closed to them."""
    return logged_in_again_and_again(lambda n: f"u{n}", "192.0.2.11")


def retry_storm() -> Traffic:
    return [
        exchange("/api/orders/17", 404, at_s=i / 30, client="192.0.2.3", headers=bearer("joe"))
        for i in range(3_000)
    ]


def a_crawler() -> Traffic:
    """Follows every product that it ever saw, a third of which is gone."""
    agent = [(b"User-Agent", b"ExampleBot/2.1 (+https://bot.example/about)")]
    return [
        exchange(f"/product/{i}", 404 if i % 3 == 0 else 200, at_s=i, client="192.0.2.4",
                 headers=agent)
        for i in range(500)
    ]  # fmt: skip


def monitoring() -> Traffic:
    return [
        exchange(f"/api/orders/{i % 20}", 200 if i % 20 else 404, at_s=i * 5, client="192.0.2.5")
        for i in range(1_000)
    ]


def a_broken_deployment() -> Traffic:
    """A partner's server, busy as ever, meets an operation that refuses everybody."""
    partner = [
        exchange(f"/api/orders/{i * 13}", 404, at_s=20 + i, client="192.0.2.6",
                 headers=bearer("partner"))
        for i in range(200)
    ]  # fmt: skip
    others = [
        exchange(f"/api/orders/{user * 40 + n}", 404, at_s=user + n / 9,
                 client=f"198.51.100.{user}", headers=bearer(f"u{user}"))
        for user in range(100)
        for n in range(4)
    ]  # fmt: skip
    return ordered(partner, others)


def dead_links() -> Traffic:
    """An archive whose pages link to what is gone."""
    refer = [(b"Referer", b"https://shop.example/archive")]
    return [
        exchange(f"/photo/{i * 3}", 404, at_s=i, client="192.0.2.7", headers=refer)
        for i in range(200)
    ]


def map_tiles() -> Traffic:
    return [
        exchange(f"/tiles/12/{2_000 + i // 20}/{1_300 + i % 20}", 200, at_s=i / 20,
                 client="192.0.2.8")
        for i in range(600)
    ]  # fmt: skip


def a_job_with_its_fixtures() -> Traffic:
    """A pipeline makes, reads and deletes the same forty orders all day."""
    return [
        exchange(f"/api/orders/{i % 40}", 404 if i % 5 == 0 else 200, at_s=i, client="192.0.2.9",
                 headers=bearer("ci", i // 100))
        for i in range(2_000)
    ]  # fmt: skip


def tokens_that_are_refreshed() -> Traffic:
    """An SSO client whose token changes every minute looks at its own things all day."""
    return [
        exchange(f"/api/orders/{i % 30}", 401 if i % 60 == 0 else 200, at_s=i, client="192.0.2.10",
                 headers=bearer("ann", i // 60))
        for i in range(2_000)
    ]  # fmt: skip


LOOK_ALIKES = [
    nat_office, a_phone_that_syncs, everybody_pages_through, retry_storm, a_crawler, monitoring,
    a_broken_deployment, dead_links, map_tiles, a_job_with_its_fixtures, tokens_that_are_refreshed,
    colleagues_who_log_in,
]  # fmt: skip


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda make: make.__name__)
def test_an_attack_is_found(attack: Callable[[], Traffic]) -> None:
    found = [one for one in told(attack) if one.class_ in CLASSES]
    assert {one.client for one in found} == {ATTACKER}
    assert found[0].owasp == ("A01:2021", "API1:2023")
    assert "distinct objects of GET /" in found[0].summary


@pytest.mark.parametrize("traffic", LOOK_ALIKES, ids=lambda make: make.__name__)
def test_look_alikes_stay_silent(traffic: Callable[[], Traffic]) -> None:
    assert [one for one in told(traffic) if one.class_ in CLASSES] == []


def test_what_is_usual_stands_beside() -> None:
    (first, *_) = [one for one in told(one_number_after_the_other) if one.class_ in CLASSES]
    assert "8 at most is usual" in first.summary


@pytest.mark.parametrize("repeated", [True, False])
def test_answers_in_a_second_record_count_as_well(repeated: bool) -> None:
    pairs = [halves(one, repeated=repeated) for one in one_after_the_other_and_refused()]
    requests, answers = zip(*pairs, strict=True)
    found = findings(run(core(), [*requests, *answers]))
    assert {one.class_ for one in found} == CLASSES


def test_a_session_stays_under_2_kib_at_its_worst() -> None:
    records = [
        exchange(f"/{'x' * 400}/{10**17 + i}", 403, at_s=i, client="2001:db8:1234:5678::abcd",
                 headers=bearer("eve"))
        for i in range(500)
    ]  # fmt: skip
    rows = {row.key: row.value for row in run(core(), records).rows}
    kept = [value for key, value in rows.items() if key.startswith((b"object/", b"suspicion/"))]
    assert len(kept) == 2
    assert sum(len(value) for value in kept if value) <= 2_048


def test_all_is_forgotten_when_the_watermark_has_passed() -> None:
    changes = run(core(), [*without_any_session(), watermark(8 * 86_400)])
    rows = {row.key: row.value for row in changes.rows}
    kept = {key.partition(b"/")[0] for key, value in rows.items() if value is not None}
    assert kept == {b"share", b"watermark"}


@pytest.mark.parametrize(
    ("target", "names"),
    [
        (b"/orders/17", b"17"),
        (b"/users/17/orders/5?page=2", b"17 5"),
        (b"/invoice?id=9&sort=a", b"9"),
        (b"/x?order_id=9", b"9"),
        (b"/files/0b5e2c1a-0000-4000-8000-00000000abcd", b"0b5e2c1a-0000-4000-8000-00000000abcd"),
        (b"/img/17.jpg", b""),
        (b"/v2/orders", b""),
        (b"/list?page=17", b""),
        (b"/", b""),
    ],
)
def test_what_names_an_object(target: bytes, names: bytes) -> None:
    assert object_of(target) == names


def session(headers: Headers) -> int:
    request = NativeExchange(encode(exchange("/", headers=headers))).request
    assert request is not None
    return session_of(request, b"key")


def test_a_session_is_its_user_or_its_cookie() -> None:
    assert session(bearer("ann", 1)) == session(bearer("ann", 2)) != session(bearer("joe", 1))
    assert session(cookie("abcd")) != session(cookie("abce"))
    named = session([(b"Cookie", b"PHPSESSID=abcd")])
    assert named == session([(b"Cookie", b"_ga=2.7; PHPSESSID=abcd")])
    assert session([(b"Cookie", b"_ga=2.7")]) == 0
    assert session([(b"Authorization", b"Bearer a.%%%.c")])
    assert session([(b"Authorization", b"Bearer a.bm9uZQ.c")])
