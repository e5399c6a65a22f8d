"""Lists of people's: who is in them, for how long, and what that makes of a finding."""

from typing import Any

import orjson
import pytest

from schemas.types import PolicyEntry
from services.runtime.lists import MEMBERS_MAX, Lists
from tests.findings import finding


def entry(id_: str = "list/a", *, site: str = "", host: str = "", **body: Any) -> PolicyEntry:
    return PolicyEntry(
        id=id_, kind="list", site=site, host=host, path="", where="",
        body=orjson.dumps(body).decode(), by="ann", at_us=0, removed=False,
    )  # fmt: skip


def lists(*entries: PolicyEntry) -> Lists:
    made = Lists()
    for one in entries:
        made.learn(one)
    return made


@pytest.mark.parametrize(
    ("client", "action"),
    [
        ("203.0.113.9", "deny"), ("203.0.114.9", ""), ("2001:db8::1", "deny"),
        ("2001:db8:0:1::1", ""), ("::ffff:203.0.113.9", "deny"), ("192.0.2.7", "deny"),
        ("192.0.2.8", ""), ("", ""), ("unix:", ""), ("203.0.113.9.evil", ""),
    ],
)  # fmt: skip
def test_addresses_and_subnets(client: str, action: str) -> None:
    made = lists(entry(action="deny", networks=["203.0.113.0/24", "2001:db8::/64", "192.0.2.7"]))
    assert made.action("default", "shop", client, 0) == action


def test_allow_goes_before_deny_and_deny_before_grey() -> None:
    grey = entry("list/g", action="grey", networks=["203.0.113.0/24"])
    deny = entry("list/d", action="deny", networks=["203.0.113.0/25"])
    allow = entry("list/a", action="allow", networks=["203.0.113.1"])
    made = lists(grey, deny, allow)
    said = [made.action("default", "shop", f"203.0.113.{n}", 0) for n in (1, 2, 200)]
    assert said == ["allow", "deny", "grey"]


def test_an_entry_ends_by_packet_time_and_when_it_is_taken_back() -> None:
    one = entry(action="deny", networks=["203.0.113.9"], until_us=100)
    made = lists(one)
    assert [made.action("default", "", "203.0.113.9", at) for at in (99, 100)] == ["deny", ""]
    made.learn(PolicyEntry.from_avro(one.to_avro() | {"removed": True}))
    assert not made


def test_scope_and_sessions() -> None:
    made = lists(entry(site="s", host="h", action="deny", sessions=["3f2a91b0c4d5"]))
    assert made.action("s", "h", "192.0.2.1", 0, "3f2a91b0c4d5") == "deny"
    assert made.action("s", "other", "192.0.2.1", 0, "3f2a91b0c4d5") == ""
    assert made.action("s", "h", "192.0.2.1", 0, "3f2a") == ""


@pytest.mark.parametrize(
    "body",
    [
        {}, {"action": "block"}, {"action": "deny", "networks": "203.0.113.9"},
        {"action": "deny", "networks": ["203.0.113.0/33"]}, {"action": "deny", "more": 1},
        {"action": "deny", "networks": [1]}, {"action": "deny", "until_us": "soon"},
        {"action": "deny", "sessions": ["s"] * (MEMBERS_MAX + 1)},
    ],
)  # fmt: skip
def test_what_is_of_no_known_form_changes_nothing(body: dict[str, Any]) -> None:
    made = lists(entry(action="deny", networks=["203.0.113.9"]))
    with pytest.raises(ValueError, match="list/a"):
        made.learn(entry(**body))
    assert made.action("", "", "203.0.113.9", 0) == "deny"


def test_what_a_gate_with_lists_would_have_done_of_a_finding() -> None:
    attack = finding("a", would_block=False, would_limit=True)
    address = [attack.client]
    denied = lists(entry(action="deny", networks=address)).gated(attack)
    assert (denied.would_block, denied.would_limit, denied.would_deny) == (False, True, True)
    allowed = lists(entry(action="allow", networks=address)).gated(finding("a", would_deny=True))
    assert not any((allowed.would_block, allowed.would_limit, allowed.would_deny))
    watched = lists(entry(action="grey", networks=address))
    assert watched.gated(attack).would_block
    assert not watched.gated(finding("a", kind="behaviour", would_block=False)).would_block
    weakness = finding("a", kind="vulnerability")
    assert lists(entry(action="deny", networks=address)).gated(weakness) == weakness
