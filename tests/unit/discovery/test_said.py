"""What people say of templates holds, whatever traffic says, and after a restart."""

from dataclasses import replace
from typing import Any

import orjson
import pytest

from schemas.codec import decode, encode
from schemas.types import PolicyEntry
from services.cli.refusal import RefusedError
from services.cli.said_template import template_entry
from services.discovery.merge import MergeCore
from services.discovery.said import Said, told
from services.discovery.settings import Settings
from services.runtime.core import Event, Output, Row
from tests.inventory import inventory, sightings
from tests.traffic import exchange, watermark

HOST = "shop.example"
PEOPLE = [f"person{chr(97 + i % 26)}{chr(97 + i // 26)}" for i in range(30)]
JSON = [(b"Content-Type", b"application/json")]
END = watermark(10**6, released=True)


def entry(verb: str, template: str) -> PolicyEntry:
    return template_entry(verb, template, "", HOST)


def stands(seen: str, learned: str, *entries: tuple[str, str]) -> str:
    said = Said()
    for verb, template in entries:
        assert said.learn(entry(verb, template))
    return told(said.at("default", HOST), seen, learned)


@pytest.mark.parametrize(
    ("seen", "learned", "expected"),
    [
        ("/users/ann", "/users/{name}", "/users/{login}"),
        ("/users/ann", "/users/ann", "/users/{login}"),
        ("/users/{id}/posts/{id}", "/users/{name}/posts/{id}", "/users/{login}/posts/{id}"),
        ("/users/export", "/users/{name}", "/users/export"),
        ("/users/me", "/users/me", "/users/me"),
        ("/users/{file}.png", "/users/{file}.png", "/users/{file}.png"),
        ("/orders/ann", "/orders/{name}", "/orders/{name}"),
        ("/users", "/users", "/users"),
        ("/tags/blue", "/tags/{name}", "/tags/blue"),
        ("/tags/blue/x", "/tags/{name}/x", "/tags/blue/x"),
        ("/tags/{id}", "/tags/{name}", "/tags/{name}"),
    ],
)
def test_pinned_and_split(seen: str, learned: str, expected: str) -> None:
    entries = ("pin", "/users/{login}"), ("pin", "/users/export"), ("split", "/tags/{name}")
    assert stands(seen, learned, *entries) == expected


def test_the_longest_counts_first() -> None:
    entries = ("pin", "/a/{one}"), ("pin", "/a/{two}/b"), ("pin", "/a/b/{three}")
    assert stands("/a/b/c", "/a/b/c", *entries) == "/a/b/{three}"
    assert stands("/a/x/b", "/a/x/b", *entries) == "/a/{two}/b"
    assert stands("/a/x/c", "/a/x/c", *entries) == "/a/{one}/c"


def test_scopes_and_taking_back() -> None:
    said = Said()
    one = entry("pin", "/users/{login}")
    said.learn(one)
    assert told(said.at("default", "other.example"), "/users/a", "/users/a") == "/users/a"
    assert said.learn(replace(one, removed=True))
    assert not said.learn(replace(one, removed=True))
    assert told(said.at("default", HOST), "/users/a", "/users/a") == "/users/a"
    assert not said.learn(replace(one, kind="exclusion"))


@pytest.mark.parametrize(
    ("verb", "template"),
    [
        ("pin", "users"), ("pin", "/"), ("pin", "/users/17"), ("pin", "/users/{}"),
        ("pin", "/users/a{b}"), ("pin", "/users/a b<c>"), ("pin", "/" + "a/" * 17 + "a"),
        ("split", "/users/export"),
    ],
)  # fmt: skip
def test_what_is_no_template_is_refused(verb: str, template: str) -> None:
    with pytest.raises(RefusedError):
        entry(verb, template)


def test_a_host_must_be_said() -> None:
    with pytest.raises(RefusedError, match="--host"):
        template_entry("pin", "/users/{name}", "", "")


@pytest.mark.parametrize(
    "body", ["", "[]", "{}", '{"pin":1}', '{"pin":"/a","split":"/a"}', '{"join":"/a"}']
)
def test_bodies_of_no_known_form_are_rejected_and_change_nothing(body: str) -> None:
    core = MergeCore(Settings())
    bad = replace(entry("pin", "/users/{login}"), body=body)
    core.learn(Event("policy", 0, 0, b"", encode(bad)))
    assert len(core.take().rejected) == 1


class Inventory:
    """A merging core whose rows and words are kept as a cluster keeps them."""

    def __init__(self) -> None:
        self.core, self.rows = MergeCore(Settings()), dict[bytes, bytes]()
        self.said: list[bytes] = []
        self.told: list[Any] = []

    def say(self, said: PolicyEntry) -> None:
        self.said.append(encode(said))
        self.core.learn(Event("policy", 0, 0, b"", self.said[-1]))

    def feed(self, outputs: list[Output]) -> set[str]:
        self.core.feed([Event("sightings", 0, i, o.key, o.value) for i, o in enumerate(outputs)])
        changes = self.core.take()
        assert changes.rejected == []
        for row in changes.rows:
            self.rows.pop(row.key, None)
            if row.value is not None:
                self.rows[row.key] = row.value
        self.told += [
            decode(o.value) for o in changes.outputs if o.value and o.topic == "endpoints"
        ]
        return {template for _, _, template in inventory(self.told)}

    def restart(self, *, words_first: bool) -> None:
        self.core = MergeCore(Settings())
        steps = [self._learn, self._restore]
        for step in steps if words_first else reversed(steps):
            step()

    def _learn(self) -> None:
        for value in self.said:
            self.core.learn(Event("policy", 0, 0, b"", value))

    def _restore(self) -> None:
        self.core.restore([Row(key, value) for key, value in self.rows.items()])


def traffic(at_s: int) -> list[Output]:
    got = orjson.dumps({"id": 1, "name": "x", "age": 3})
    return sightings(
        [
            *(
                exchange(f"/users/{name}", at_s=at_s + i, got=got, got_headers=JSON)
                for i, name in enumerate((*PEOPLE, *PEOPLE))
            ),
            END,
        ]
    )


@pytest.mark.parametrize("words_first", [True, False])
def test_words_hold_at_once_after_restarts_and_until_they_are_taken_back(
    words_first: bool,
) -> None:
    kept = Inventory()
    assert kept.feed(traffic(0)) == {"/users/{name}"}
    kept.say(entry("pin", "/users/{login}"))
    pulse = traffic(0)[-1:]
    assert kept.feed(pulse) == {"/users/{login}"}
    kept.say(entry("pin", "/users/" + PEOPLE[0]))
    kept.restart(words_first=words_first)  # it was said, but not told
    assert kept.feed(pulse) == {"/users/{login}", "/users/" + PEOPLE[0]}
    kept.restart(words_first=words_first)
    assert kept.feed(traffic(1_000)) == {"/users/{login}", "/users/" + PEOPLE[0]}
    kept.say(entry("split", "/users/{login}"))
    assert kept.feed(pulse) == {f"/users/{name}" for name in PEOPLE}
    for said in ("/users/{login}", "/users/" + PEOPLE[0]):
        kept.say(replace(entry("pin", said), removed=True))
    assert kept.feed(pulse) == {"/users/{name}"}
