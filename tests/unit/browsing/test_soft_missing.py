"""Forced browsing, scored: also where a host says no in its own way."""

from collections.abc import Callable

import pytest

from schemas.types import Exchange
from services.browsing import soft_missing
from tests.traffic import exchange, run, watermark
from tests.unit.browsing import test_forced_browsing as forced
from tests.unit.browsing.scenes import (
    ATTACKER,
    Traffic,
    core,
    findings,
    ordered,
    told,
)
from tests.unit.browsing.test_forced_browsing import WORDS, scan

CLASSES = {"forced_browsing"}
HTML = (b"Content-Type", b"text/html; charset=utf-8")
SHELL = b'<!doctype html><div id="app"></div><script src="/assets/app.5f2a.js"></script>'
GUESSED = (".git/config", "backup.zip", "phpinfo.php", ".env", "wp-login.php")


def page(path: str, got: bytes, at_s: float, client: str = ATTACKER) -> Exchange:
    return exchange(path, 200, at_s=at_s, client=client, got=got, got_headers=[HTML])


def sent_to(path: str, where: str, at_s: float, client: str = ATTACKER) -> Exchange:
    return exchange(
        path, 302, at_s=at_s, client=client, got_headers=[(b"Location", where.encode())]
    )


def noise(answer: Callable[[str, float], Exchange]) -> Traffic:
    """Machines of the internet that ask for what everybody knows."""
    return [answer(f"/{name}", -60 + i) for i, name in enumerate(GUESSED)]


# Attacks ----------------------------------------------------------------------------------------


def at_full_speed() -> Traffic:
    return scan(300, 0.005)


def at_one_a_second() -> Traffic:
    return scan(300, 0.99)


def at_one_a_minute() -> Traffic:
    return scan(300, 60)


def with_forbidden_for_an_answer() -> Traffic:
    return [exchange(f"/{word}", 403, at_s=i / 9, client=ATTACKER) for i, word in enumerate(WORDS)]


def with_the_connection_closed() -> Traffic:
    return [exchange(f"/{word}", 444, at_s=i / 9, client=ATTACKER) for i, word in enumerate(WORDS)]


def a_page_that_says_sorry() -> Traffic:
    """With 200, the path in it, and a number that differs each time."""

    def sorry(path: str, at_s: float, client: str = "192.0.2.99") -> Exchange:
        text = f"<h1>Sorry</h1><p>{path} is not here. Incident {int(at_s * 1e6):020}</p>"
        return page(path, text.encode(), at_s, client)

    walk = [sorry(f"/{word}/x", i / 5, ATTACKER) for i, word in enumerate(WORDS)]
    return ordered(noise(sorry), walk)


def all_roads_to_the_log_in() -> Traffic:
    def turned(path: str, at_s: float, client: str = "192.0.2.99") -> Exchange:
        return sent_to(path, f"/login?next={path}", at_s, client)

    walk = [turned(f"/{word}/x", i / 5, ATTACKER) for i, word in enumerate(WORDS)]
    return ordered(noise(turned), walk)


def a_wordlist_against_a_single_page_app() -> Traffic:
    """Nobody else asked: the list teaches what it is told by."""
    names = [f"/{word}{end}" for word in GUESSED for end in ("", ".bak", ".old", ".sql", "~")]
    walk = [*names, *(f"/{word}" for word in WORDS)]
    return [page(path, SHELL, i / 9) for i, path in enumerate(walk)]


ATTACKS = [
    at_full_speed, at_one_a_second, at_one_a_minute, with_forbidden_for_an_answer,
    with_the_connection_closed, a_page_that_says_sorry, all_roads_to_the_log_in,
    a_wordlist_against_a_single_page_app,
]  # fmt: skip

# Look-alikes ------------------------------------------------------------------------------------


def a_single_page_app() -> Traffic:
    """Its shell for every route; people open some of them, an office many."""
    people = [
        page(f"/{WORDS[i * 7 % 108]}", SHELL, i * 2, f"198.51.100.{i % 30}") for i in range(900)
    ]
    office = [page(f"/{WORDS[i % 25]}", SHELL, i * 3, "192.0.2.1") for i in range(400)]
    return ordered(noise(lambda path, at_s: page(path, SHELL, at_s, "192.0.2.99")), people, office)


def a_site_that_moved() -> Traffic:
    """Everything is at another host now, and somebody reads all of it."""

    def moved(path: str, at_s: float, client: str = "192.0.2.2") -> Exchange:
        return sent_to(path, f"https://www.shop.example{path}", at_s, client)

    return ordered(noise(moved), [moved(f"/{word}", i / 5) for i, word in enumerate(WORDS)])


def slashes_at_the_end() -> Traffic:
    def slash(path: str, at_s: float, client: str = "192.0.2.3") -> Exchange:
        return sent_to(path, path + "/", at_s, client)

    return ordered(noise(slash), [slash(f"/{word}", i / 5) for i, word in enumerate(WORDS)])


def pages_that_differ() -> Traffic:
    """Noise gets a page that says no; a reader gets pages."""
    walk = [
        page(f"/{word}", b"<h1>%b</h1>" % word.encode(), i / 5, "192.0.2.4")
        for i, word in enumerate(WORDS)
    ]
    return ordered(noise(lambda path, at_s: page(path, b"<h1>No</h1>", at_s, "192.0.2.99")), walk)


def an_api_that_says_ok() -> Traffic:
    """The same few bytes of JSON for everything."""
    return [
        exchange(f"/{word}", 200, at_s=i / 9, client="192.0.2.5", got=b'{"ok": true}',
                 got_headers=[(b"Content-Type", b"application/json")])
        for i, word in enumerate((*GUESSED, *WORDS))
    ]  # fmt: skip


OWN_LOOK_ALIKES = [
    a_single_page_app, a_site_that_moved, slashes_at_the_end, pages_that_differ,
    an_api_that_says_ok,
]  # fmt: skip
LOOK_ALIKES = [*forced.LOOK_ALIKES, *OWN_LOOK_ALIKES]


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda make: make.__name__)
def test_an_attack_is_found(attack: Callable[[], Traffic]) -> None:
    assert ATTACKER in {one.client for one in told(attack) if one.class_ in CLASSES}


@pytest.mark.parametrize("traffic", OWN_LOOK_ALIKES, ids=lambda make: make.__name__)
def test_look_alikes_stay_silent(traffic: Callable[[], Traffic]) -> None:
    assert [one for one in told(traffic) if one.class_ in CLASSES] == []


def test_a_soft_miss_is_nothing_that_was_found() -> None:
    found = [one for one in told(a_wordlist_against_a_single_page_app) if one.class_ in CLASSES]
    assert found[-1].severity == "medium"


def test_hosts_and_answers_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(soft_missing, "HOSTS_MAX", 3)
    records = [
        exchange(f"/{name}", 200, at_s=i, host=f"h{i}.example", got=b"<p>%d%b" % (i, b"x" * i),
                 got_headers=[HTML])
        for i in range(40)
        for name in GUESSED
    ]  # fmt: skip
    records += [page(f"/{name}", b"<p>" + b"y" * i, 50 + i) for i in range(40) for name in GUESSED]
    changes = run(core(), records)
    rows = {row.key: row.value for row in changes.rows if row.key.startswith(b"soft/")}
    kept = [value for value in rows.values() if value is not None]
    assert len(kept) == 3
    assert all(len(value) < 2_048 for value in kept)


def test_all_is_forgotten_in_time() -> None:
    changes = run(core(), [*noise(lambda p, s: page(p, SHELL, s)), watermark(8 * 86_400)])
    rows = {row.key: row.value for row in changes.rows if row.key.startswith(b"soft/")}
    assert not any(rows.values())
    assert findings(changes) == []
