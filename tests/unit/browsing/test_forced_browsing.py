"""Who is flagged for walking where nothing is, and who must not be."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest
from sidetap_native import Exchange as NativeExchange

from schemas.codec import decode, encode
from schemas.types import Advice, Exchange, Finding, Walk, Watermark
from services.browsing import core as module
from services.browsing.core import BrowsingCore
from services.browsing.settings import Settings
from services.browsing.walk import NO_TALLY
from services.runtime.core import Changes, Event
from services.runtime.masking import Masker
from tests.traffic import START_US, exchange, halves, run, watermark

WORDS = [
    f"{first}{second}"
    for first in ("news", "shop", "data", "old-site", "media", "users", "about", "team", "res")
    for second in ("", "s", "list", "page", "area", "_a", "_b", "_new", "x", "y", "z", "-en")
]
BROWSER = (b"User-Agent", b"Mozilla/5.0 (X11; Linux x86_64)")
HOUR_S = 3_600


def core(**settings: object) -> BrowsingCore:
    return BrowsingCore(Settings(**settings), Masker(b"key"), NativeExchange)  # type: ignore[arg-type]


def findings(changes: Changes) -> list[Finding]:
    return [decode(out.value) for out in changes.outputs if out.topic == "findings" and out.value]


def scan(count: int, every_s: float, client: str = "203.0.113.9") -> list[Exchange]:
    return [
        exchange(f"/{WORDS[i % len(WORDS)]}/{'abcdefgh'[i // len(WORDS)]}", 404,
                 at_s=i * every_s, client=client)
        for i in range(count)
    ]  # fmt: skip


@pytest.mark.parametrize("every_s", [0.001, 0.1, 0.9])
def test_a_fast_scan_is_flagged_once_and_closed_when_quiet(every_s: float) -> None:
    found = findings(run(core(), [*scan(100, every_s), watermark(10_000)]))
    assert [found[0].state, found[-1].state] == ["open", "closed"]
    assert {one.state for one in found[1:-1]} <= {"updated"}
    assert [one.revision for one in found] == list(range(len(found)))
    assert len({one.id for one in found}) == 1
    assert found[0].class_ == "forced_browsing"
    assert found[0].attack == ("T1595.003",)
    assert found[0].would_block
    assert found[0].client == found[0].subject == "203.0.113.9"
    assert found[0].opened_us == START_US


def test_parts_of_a_stream_are_no_more_requests() -> None:
    parts = [replace(one, part=number) for number, one in enumerate(scan(100, 0.1), 1)]
    assert findings(run(core(), [*parts, watermark(10_000)])) == []


def test_after_a_restart_of_the_agent_the_same_finding_goes_on() -> None:
    quick = scan(80, 0.1)
    records = [*quick[:40], watermark(4, released=True), *quick[40:], watermark(9, released=True)]
    found = findings(run(core(), records))
    assert len({one.id for one in found}) == 1
    assert [one.revision for one in found] == list(range(len(found)))
    assert [one.state for one in found] == ["open", "closed", "updated", "closed"]
    assert [one.count for one in found] == [30, 40, 70, 80]
    assert {one.opened_us for one in found} == {START_US}


def test_a_finding_that_gave_way_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "EPISODES_MAX", 1)
    whole = scan(70, 0.1, "10.0.0.1")
    found = findings(run(core(), [*whole[:35], *scan(35, 0.05, "10.0.0.2"), *whole[35:]]))
    first = [(one.revision, one.count) for one in found if one.client == "10.0.0.1"]
    assert first == [(0, 30), (1, 35), (2, 65)]


def test_what_others_missed_long_ago_excuses_nobody() -> None:
    def walk(client: str, at_s: float) -> list[Exchange]:
        return [
            replace(one, at_us=one.at_us + round(at_s * 1_000_000)) for one in scan(50, 0.1, client)
        ]

    others = [one for i in range(4) for one in walk(f"10.0.0.{i}", 0)]
    flagged = [
        {one.client for one in findings(run(core(), [*others, *walk("10.0.0.9", at_s)]))}
        for at_s in (600, 4_000)
    ]
    # No watermark came: the rows of the four still stand, only their age tells.
    assert ["10.0.0.9" in one for one in flagged] == [False, True]


def test_a_site_is_swept_once_a_second_of_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    looked_at: list[int] = []

    def quiet(episode: object, watermark_us: int, rules: object) -> bool:
        del episode, rules
        looked_at.append(watermark_us - START_US)
        return False

    monkeypatch.setattr(module, "quiet", quiet)
    marks = [watermark(10 + n / 10) for n in range(25)]
    run(core(), [*scan(50, 0.1), *marks])
    assert looked_at == [10_000_000, 11_000_000, 12_000_000]


def test_a_site_that_ended_waits_for_no_answer() -> None:
    waiting = halves(exchange("/a", 404))[0]
    changes = run(core(), [waiting, watermark(1, released=True)])
    assert changes.counts["requests_never_answered"] == 1


def test_it_is_not_told_at_every_request() -> None:
    told = findings(run(core(), scan(800, 0.01)))
    assert len(told) == 5  # at 30 paths, then doublings: 60, 120, 240, 480


@pytest.mark.parametrize("every_s", [60, 600])
def test_a_slow_scan_is_flagged(every_s: float) -> None:
    (first, *_) = findings(run(core(), scan(120, every_s)))
    assert first.rule == "browsing.slow"
    assert not first.would_block  # no name among them that only wordlists have


def test_a_scan_too_slow_for_the_long_window_is_out_of_reach() -> None:
    assert findings(run(core(), scan(120, 3_000))) == []


def test_fewer_paths_suffice_when_wordlists_have_them() -> None:
    names = [".git/config", ".env", "admin", "phpmyadmin", "backup.zip", "db.sql", "wp-login.php",
             "server-status", "config.php.bak", "console", "actuator", "id_rsa", ".svn/entries",
             "old", "install.php"]  # fmt: skip
    records = [exchange(f"/{name}", 404, at_s=i) for i, name in enumerate(names)]
    (found,) = findings(run(core(), records))
    assert found.severity == "medium"
    assert found.count == 15


def test_what_a_scan_strikes_is_evidence() -> None:
    records = [*scan(40, 0.1), exchange("/.git/config", 200, at_s=5, client="203.0.113.9")]
    last = findings(run(core(), records))[-1]
    assert last.severity == "high"
    assert last.evidence[-1].raw == "200 /.git/config"


def test_evidence_is_masked_and_counts_are_told() -> None:
    records = scan(29, 0.1)
    records.append(exchange("/x/eyJhbGciOiJub25lIn0.eyJzdWIiOiJqb2UifQ.", 404, at_s=3,
                            client="203.0.113.9"))  # fmt: skip
    (found,) = findings(run(core(), records))
    assert "eyJ" not in str(found)
    assert "[masked" in found.evidence[0].value
    assert "30 distinct missing paths" in found.summary


def test_the_normal_share_stands_beside() -> None:
    ordinary = [
        exchange(f"/p/{i % 7}", 404 if i % 50 == 0 else 200, client=f"10.0.0.{i % 250}", at_s=i / 9)
        for i in range(500)
    ]
    (found,) = findings(run(core(), [*ordinary, *scan(30, 0.1)]))
    assert "2.0% of requests is normal here" in found.summary


def test_advice_denies_the_client_for_a_while() -> None:
    changes = run(core(), scan(40, 0.1))
    (advice,) = [
        decode(out.value) for out in changes.outputs if out.topic == "advice" and out.value
    ]
    assert isinstance(advice, Advice)
    assert (advice.action, advice.value) == ("would_deny", "203.0.113.9")
    assert advice.expires_us - advice.at_us == HOUR_S * 1_000_000


def test_a_second_visit_is_a_second_finding() -> None:
    again = [
        exchange(f"/{word}", 404, at_s=2_000 + i, client="203.0.113.9")
        for i, word in enumerate(WORDS[:40])
    ]
    records: Sequence[Exchange | Watermark] = [*scan(40, 0.1), watermark(1_000), *again]
    found = findings(run(core(), records))
    assert [one.state for one in found] == ["open", "closed", "open"]
    assert found[0].id == found[1].id != found[2].id


def test_the_end_of_a_site_closes_what_is_open() -> None:
    changes = run(core(), [*scan(40, 0.1), watermark(5, released=True)])
    assert [one.state for one in findings(changes)] == ["open", "closed"]


def test_statuses_are_a_setting() -> None:
    records = [exchange(f"/{word}", 400, at_s=i / 9) for i, word in enumerate(WORDS)]
    assert findings(run(core(), records)) == []
    assert findings(run(core(statuses=(400,)), records))


@pytest.mark.parametrize("repeated", [True, False])
def test_answers_in_a_second_record_count_as_well(repeated: bool) -> None:
    pairs = [halves(one, repeated=repeated) for one in scan(40, 0.1)]
    requests, answers = zip(*pairs, strict=True)
    changes = run(core(), [*requests, *answers])
    found = findings(changes)
    assert not [row for row in changes.rows if row.key.startswith(b"unanswered/") and row.value]
    assert found[0].count == 30
    assert found[0].evidence[0].value.startswith("/")


def test_halves_without_their_other_half_do_no_harm() -> None:
    requests, answers = zip(*map(halves, scan(40, 0.1)), strict=True)
    changes = run(core(), [*answers, *requests, watermark(2_000)])
    assert findings(changes) == []
    assert changes.counts["answers_without_request"] == 40
    assert changes.counts["requests_never_answered"] == 40
    assert changes.rejected == []


# Who must not be flagged -----------------------------------------------------------------------


def nat_office() -> Sequence[Exchange | Watermark]:
    """Forty people behind one address: much found, some dead bookmarks."""
    return [
        exchange(f"/{WORDS[i % 90]}/{'abcdefg'[i // 90]}", 404 if i % 5 == 0 else 200, at_s=i / 50)
        for i in range(600)
    ]


def broken_deployment() -> Sequence[Exchange | Watermark]:
    """An app update asks for forty operations that the server does not have."""
    return [
        exchange(f"/v3/{WORDS[path]}", 404, at_s=path * 2 + client / 10, client=f"10.1.0.{client}")
        for path in range(40)
        for client in range(12)
    ]


def dead_links() -> Sequence[Exchange | Watermark]:
    """Somebody reads an archive whose pages link to what is gone."""
    refer = (b"Referer", b"https://shop.example/archive")
    return [
        exchange(f"/{word}", 404, at_s=i / 4, headers=[BROWSER, refer])
        for i, word in enumerate(WORDS)
    ]


def declared_crawler() -> Sequence[Exchange | Watermark]:
    """A crawler that names itself follows links it found years ago."""
    agent = (b"User-Agent", b"ExampleBot/2.1 (+https://bot.example/about)")
    robots = [exchange("/robots.txt", 200, headers=[agent])]
    return robots + [
        exchange(f"/{word}", 404, at_s=i / 2, headers=[agent]) for i, word in enumerate(WORDS)
    ]


def single_page_app() -> Sequence[Exchange | Watermark]:
    """An old page in an open tab asks for scripts of a build that is gone, and for icons."""
    chunks = [exchange(f"/assets/chunk.{i:016x}.js", 404, at_s=i / 10) for i in range(60)]
    maps = [
        exchange(f"/assets/{word}.js.map", 404, at_s=6 + i / 10) for i, word in enumerate(WORDS)
    ]
    return chunks + maps + [exchange("/favicon.ico", 404), exchange("/.well-known/a/b", 404)]


def retry_storm() -> Sequence[Exchange | Watermark]:
    """A phone asks for one thing again and again."""
    return [exchange("/api/v1/profile", 404, at_s=i / 20) for i in range(2_000)]


def monitoring() -> Sequence[Exchange | Watermark]:
    """Each of fifty pages every minute, six of which are gone."""
    return [
        exchange(f"/{WORDS[i]}", 404 if i < 6 else 200, at_s=minute * 60 + i / 2)
        for minute in range(60)
        for i in range(50)
    ]


def missing_objects() -> Sequence[Exchange | Watermark]:
    """A thousand ids of one operation: enumeration, but another behaviour."""
    return [exchange(f"/orders/{i}", 404, at_s=i / 50) for i in range(1_000)]


def nobody_answered() -> Sequence[Exchange | Watermark]:
    """A mirror without an access log."""
    return [exchange(f"/{word}", None, at_s=i / 9) for i, word in enumerate(WORDS)]


def a_few_typos() -> Sequence[Exchange | Watermark]:
    """Twenty-nine in the window, whatever comes later."""
    return [exchange(f"/{word}", 404, at_s=i * 1.2) for i, word in enumerate(WORDS[:50])]


LOOK_ALIKES = [
    nat_office, broken_deployment, dead_links, declared_crawler, single_page_app, retry_storm,
    monitoring, missing_objects, nobody_answered, a_few_typos,
]  # fmt: skip


@pytest.mark.parametrize("traffic", LOOK_ALIKES, ids=lambda f: f.__name__)
def test_look_alikes_stay_silent(traffic: Callable[[], Sequence[Exchange | Watermark]]) -> None:
    found = findings(run(core(), traffic()))
    assert [one for one in found if one.class_ == "forced_browsing"] == []


def test_trusted_networks_stay_silent() -> None:
    assert findings(run(core(trusted=("203.0.113.0/24",)), scan(100, 0.1))) == []


@pytest.mark.parametrize("excuse", ["referrer", "agent"])
def test_an_excuse_does_not_cover_a_wordlist(excuse: str) -> None:
    headers = {
        "referrer": (b"Referer", b"https://shop.example/"),
        "agent": (b"User-Agent", b"Googlebot/2.1 (+http://www.google.com/bot.html)"),
    }
    names = [f"{word}{end}" for word in WORDS[:10] for end in (".bak", ".sql", ".old", "/.git")]
    records = [
        exchange(f"/{name}", 404, at_s=i / 9, headers=[headers[excuse]])
        for i, name in enumerate(names)
    ]
    assert findings(run(core(), records))


# What is kept -----------------------------------------------------------------------------------


def test_a_client_that_misses_nothing_costs_nothing() -> None:
    changes = run(core(), [exchange(f"/{word}") for word in WORDS])
    assert [row.key for row in changes.rows] == [b"share/default"]


def test_a_client_stays_under_2_kib_at_its_worst() -> None:
    watched = core()
    records: list[Exchange | Watermark] = []
    for i in range(2_000):
        path = f"/.{'abcdefghij'[i % 10]}{'klmnopqrst'[i // 10 % 10]}{'uvwxyzabcd'[i // 100 % 10]}"
        records.append(exchange(path + "q" * 100, 404, at_s=i / 100))
        records.append(exchange("/admin" + path, 200, at_s=i / 100))
    rows = {row.key: row.value for row in run(watched, records).rows}
    client = [value for key, value in rows.items() if key.startswith((b"walk/", b"episode/"))]
    assert len(client) == 2
    assert sum(len(value) for value in client if value) <= 2_048


def test_all_is_forgotten_when_the_watermark_has_passed() -> None:
    changes = run(core(), [*scan(40, 0.1), exchange("/nothing", 404), watermark(200_000)])
    rows = {row.key: row.value for row in changes.rows}
    kept = {key.partition(b"/")[0] for key, value in rows.items() if value is not None}
    assert kept == {b"share", b"loaduse", b"watermark"}


def test_unreadable_records_are_rejected_with_a_reason() -> None:
    watched = core()
    walk = Walk(site="", misses=(), burst=NO_TALLY, slow=NO_TALLY)
    watched.feed([
        Event("exchanges", 0, 0, None, None),
        Event("exchanges", 0, 1, None, b"nonsense"),
        Event("exchanges", 0, 2, None, encode(exchange("/"))[:-3]),
        Event("exchanges", 0, 3, None, encode(walk)),
    ])  # fmt: skip
    rejected = watched.take().rejected
    assert [one.event.offset for one in rejected] == [0, 1, 2, 3]
    assert all(one.reason for one in rejected)


@pytest.mark.parametrize(
    "setting",
    [{"slow_paths": 65}, {"burst_share": 50.0}, {"slow_share": -0.1}, {"shared_clients": 1},
     {"shared_clients": 17}, {"advice_s": 0}],
)  # fmt: skip
def test_settings_that_would_switch_it_off_or_pass_its_memory_are_refused(
    setting: dict[str, Any],
) -> None:
    with pytest.raises(ValueError, match=next(iter(setting))):
        Settings(**setting)


def test_one_address_in_two_networks_is_two_findings() -> None:
    walk = scan(40, 0.1)
    both = [one for seen in walk for one in (seen, replace(seen, site="branch"))]
    opened = [found for found in findings(run(core(), both)) if found.state == "open"]
    assert sorted(found.site for found in opened) == ["branch", "default"]
    assert len({found.id for found in opened}) == 2


def test_what_gives_way_at_a_limit_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    for limit in ("WALKS_MAX", "UNANSWERED_MAX", "EPISODES_MAX"):
        monkeypatch.setattr(module, limit, 1)
    scans = [one for n in (1, 2) for one in scan(40, 0.1, client=f"203.0.113.{n}")]
    asked = [halves(exchange("/a", client=f"203.0.113.{n}"))[0] for n in (3, 4, 5)]
    counts = run(core(), [*scans, *asked]).counts
    assert counts["walks_given_way"] == 1
    assert counts["findings_given_way"] == 1
    assert counts["unanswered_given_way"] == 2
