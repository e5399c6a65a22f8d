"""Known operations excuse who misses something there, an hour after they were first seen."""

from dataclasses import replace

import pytest

from schemas.codec import encode
from schemas.types import Endpoint, Exchange
from services.browsing import inventory
from services.browsing.inventory import Inventory
from services.runtime.core import Event
from tests.traffic import START_US, exchange, run
from tests.unit.browsing.scenes import ATTACKER, core, findings
from tests.unit.browsing.test_forced_browsing import WORDS

HOUR_US = 3_600_000_000
HOST = "shop.example"


def endpoint(template: str, *, method: str = "GET", **changes: object) -> Endpoint:
    known = Endpoint(
        site="default", host=HOST, method=method, template=template, protocol="rest",
        operation=None, application="", admitted=True, first_us=START_US - 2 * HOUR_US,
        last_us=START_US, count=9, parameters=(), request_bodies=(), responses=(), auth=(),
        sensitive=(), risk=None, tags=(),
    )  # fmt: skip
    return replace(known, **changes)  # type: ignore[arg-type]


def told(*endpoints: Endpoint, gone: tuple[int, ...] = ()) -> list[Event]:
    """As the topic has them: the numbers of those whose tombstone follows."""
    events = [
        Event("endpoints", 0, i, f"{one.host} {one.method} {one.template}".encode(), encode(one))
        for i, one in enumerate(endpoints)
    ]
    return [*events, *(replace(events[i], offset=90 + i, value=None) for i in gone)]


def learned(events: list[Event]) -> Inventory:
    made = Inventory()
    for event in events:
        made.learn(event)
    return made


def found(made: Inventory, path: str, *, host: str = HOST, at_us: int = START_US) -> bytes:
    return made.template("default", host, path.encode(), at_us)


@pytest.mark.parametrize(
    ("path", "template"),
    [
        ("/products/red-shoes", b"/products/{slug}"),
        ("/products/red-shoes/reviews", b"/products/{slug}/reviews"),
        ("/products/best", b"/products/best"),
        ("/products/", b""),
        ("/products", b""),
        ("/products/red/shoes", b""),
        ("/admin", b""),
        ("/" * 200, b""),
    ],
)
def test_a_path_belongs_to_a_template(path: str, template: bytes) -> None:
    made = learned(
        told(*map(endpoint, ("/products/{slug}", "/products/{slug}/reviews", "/products/best")))
    )
    assert found(made, path) == template


def test_only_what_is_in_use_here_for_an_hour_is_known() -> None:
    new = endpoint("/new", first_us=START_US - HOUR_US + 1)
    made = learned(told(endpoint("/old"), new, endpoint("/tried", admitted=False)))
    assert [found(made, path) for path in ("/old", "/new", "/tried")] == [b"/old", b"", b""]
    assert found(made, "/new", at_us=START_US + 1) == b"/new"
    assert found(made, "/old", host="other.example") == b""
    assert made.template("elsewhere", HOST, b"/old", START_US) == b""


def test_what_is_removed_is_forgotten_unless_another_method_has_it() -> None:
    both = [endpoint("/a"), endpoint("/a", method="POST")]
    assert found(learned(told(*both, gone=(0,))), "/a") == b"/a"
    assert found(learned(told(*both, gone=(0, 1))), "/a") == b""
    removed = replace(endpoint("/a"), removed=True)
    assert found(learned([*told(endpoint("/a")), *told(removed)]), "/a") == b""
    assert found(learned([*told(endpoint("/a")), *told(endpoint("/a"))]), "/a") == b"/a"


def test_what_cannot_be_read_and_what_is_too_much_changes_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(inventory, "OPERATIONS_MAX", 1)
    nonsense = Event("endpoints", 0, 0, b"k", b"nonsense")
    made = learned(
        [nonsense, Event("endpoints", 0, 1, None, None), *told(*map(endpoint, ["/a", "/b"]))]
    )
    assert [found(made, path) for path in ("/a", "/b")] == [b"/a", b""]


def misses(prefix: str) -> list[Exchange]:
    return [
        exchange(f"{prefix}{word}", 404, at_s=i / 5, client=ATTACKER)
        for i, word in enumerate(WORDS)
    ]


def flagged(records: list[Exchange], *known: Endpoint) -> bool:
    watching = core()
    for event in told(*known):
        watching.learn(event)
    return bool(findings(run(watching, records)))


def test_gone_objects_of_a_known_operation_are_no_guesses() -> None:
    """A wish list of products that are sold out: names, no numbers."""
    assert flagged(misses("/products/"))
    assert not flagged(misses("/products/"), endpoint("/products/{slug}"))


def test_a_broken_deployment_is_known_by_one_client_alone() -> None:
    known = [endpoint(f"/v3/{word}") for word in WORDS]
    assert flagged(misses("/v3/"))
    assert not flagged(misses("/v3/"), *known)


def test_a_wordlist_beside_known_operations_is_still_one() -> None:
    known = [endpoint(f"/v3/{word}") for word in WORDS[:30]]
    assert flagged([*misses("/v3/")[:30], *misses("/")[:40]], *known)


def test_what_became_known_during_the_scan_excuses_nobody() -> None:
    known = [endpoint("/p/{name}", first_us=START_US - 60_000_000)]
    assert flagged(misses("/p/"), *known)


def test_a_template_of_values_only_excuses_nobody() -> None:
    known = [endpoint("/{slug}"), endpoint("/{slug}/{slug2}")]
    assert flagged(misses("/"), *known)
    assert flagged(misses("/x/"), *known)


def test_names_worth_hiding_are_guesses_in_the_place_of_a_value() -> None:
    names = [f"/p/{word}.{end}" for word in WORDS[:10] for end in ("bak", "sql", "old", "zip")]
    records = [exchange(name, 404, at_s=i / 5, client=ATTACKER) for i, name in enumerate(names)]
    assert flagged(records, endpoint("/p/{name}"))
    assert not flagged(records, *map(endpoint, names))
