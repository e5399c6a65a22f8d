"""People's rules: they find what they name, where they name it, and what is wrong is said."""

import json
from dataclasses import replace
from functools import cache

import pytest

from schemas.codec import decode, encode
from schemas.types import Exchange, Finding, PolicyEntry
from services.detect.core import DetectCore
from services.detect.own_rules import RULES_MAX, checked
from services.detect.settings import Settings
from services.detect.verdict import Inspector
from services.runtime.core import Event
from services.runtime.masking import Masker
from tests.plain_view import ExchangeView
from tests.traffic import exchange, run

COUPON = {"class": "other", "pattern": r"^FREE-\d{4}$", "title": "A coupon that leaked"}


@cache
def inspector() -> Inspector:
    return Inspector()


def entry(
    body: object, id_: str = "rule/coupon", *, removed: bool = False, **scope: str
) -> PolicyEntry:
    place = {"site": "", "host": "", "path": "", "where": ""} | scope
    said = body if isinstance(body, str) else json.dumps(body)
    return PolicyEntry(
        id=id_, kind="rule", body=said, by="ann", at_us=0, removed=removed, **place
    )  # fmt: skip


def core(*said: PolicyEntry) -> DetectCore:
    made = DetectCore(Settings(), Masker(b"key"), ExchangeView, inspector())
    for number, one in enumerate(said):
        made.learn(Event("policy", 0, number, one.id.encode(), encode(one)))
    return made


def told(one: DetectCore, *exchanges: Exchange) -> list[Finding]:
    outputs = run(one, list(exchanges)).outputs
    return [decode(out.value) for out in outputs if out.topic == "findings" and out.value]


def test_a_pattern_finds_what_no_detector_knows() -> None:
    leaked = exchange("/cart?code=FREE-2024")
    assert told(core(), leaked) == []
    (found,) = told(core(entry(COUPON)), leaked, exchange("/cart?code=FREE-2024x"))
    assert (found.class_, found.rule, found.count) == ("other", "other.own.coupon", 1)
    assert "A coupon that leaked" in found.summary
    assert found.would_block
    assert found.policy_offset == 0
    assert found.evidence[0].where == "query.code"


@pytest.mark.parametrize(
    ("scope", "target", "found"),
    [
        ({"host": "shop.example"}, "/cart?code=FREE-1234", True),
        ({"host": "other.example"}, "/cart?code=FREE-1234", False),
        ({"path": "/cart"}, "/cart?code=FREE-1234", True),
        ({"path": "/basket"}, "/cart?code=FREE-1234", False),
        ({"where": "query.code"}, "/cart?code=FREE-1234", True),
        ({"where": "query"}, "/cart?code=FREE-1234", True),
        ({"where": "query.code"}, "/cart?other=FREE-1234", False),
        ({"where": "header.x-code"}, "/cart?code=FREE-1234", False),
        ({"site": "elsewhere"}, "/cart?code=FREE-1234", False),
    ],
)  # fmt: skip
def test_it_holds_in_its_scope(scope: dict[str, str], target: str, found: bool) -> None:
    assert bool(told(core(entry(COUPON, **scope)), exchange(target))) is found


def test_headers_are_looked_at_though_detection_knows_them_to_be_clean() -> None:
    one = core(entry({"class": "scanner", "pattern": "^acme-probe"}, where="header.user-agent"))
    agent = [(b"User-Agent", b"acme-probe/2")]
    seen = [exchange(f"/{n}", headers=agent, at_s=n) for n in range(3)]
    assert max(found.count for found in told(one, *seen)) == 2  # told at the first and second
    assert len({found.id for found in told(one, *seen)}) == 1


def test_a_virtual_patch_needs_no_pattern() -> None:
    patch = entry({"class": "rce", "title": "Until it is mended"}, path="/setup")
    assert told(core(patch), exchange("/setup/run?step=1"))[0].class_ == "rce"
    assert told(core(patch), exchange("/")) == []


def test_a_light_rule_is_no_attack_by_itself() -> None:
    assert told(core(entry({**COUPON, "weight": 0.3})), exchange("/cart?code=FREE-2024")) == []


def test_it_is_replaced_and_taken_back() -> None:
    leaked = exchange("/cart?code=FREE-2024")
    assert told(core(entry(COUPON), entry({**COUPON, "pattern": "^PAID"})), leaked) == []
    assert told(core(entry(COUPON), entry(COUPON, removed=True)), leaked) == []


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("{", "no JSON"),
        ({}, "no class"),
        ({"class": "nonsense", "pattern": "a"}, "no class"),
        ({"class": "sqli"}, "needs a path or a point"),
        ({"class": "sqli", "pattern": ".+"}, "needs a path or a point"),
        ({"class": "sqli", "pattern": r"\S"}, "needs a path or a point"),
        ({"class": "sqli", "pattern": 7}, "must be texts"),
        ({"class": "sqli", "pattern": "("}, "does not take"),
        ({"class": "sqli", "pattern": "a(?=b)"}, "does not take"),
        ({"class": "sqli", "pattern": "a*"}, "does not take"),
        ({"class": "sqli", "pattern": "a{9999}"}, "at most"),
        ({"class": "sqli", "pattern": "a" * 501}, "characters"),
        ({"class": "sqli", "pattern": "a", "weight": 2}, "weight"),
        ({"class": "sqli", "pattern": "a", "weight": True}, "weight"),
    ],
)
def test_what_is_no_rule_is_said_in_a_sentence(body: object, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        checked(entry(body))


def test_a_wrong_entry_is_rejected_and_leaves_none_of_its_id() -> None:
    one = core(entry(COUPON), entry({**COUPON, "pattern": "("}))
    changes = run(one, [exchange("/cart?code=FREE-2024")])
    assert len(changes.rejected) == 1
    assert not any(out.topic == "findings" for out in changes.outputs)


def test_of_too_many_the_first_are_asked_whatever_came_and_went() -> None:
    last = entry(COUPON, f"rule/{RULES_MAX:03}")
    others = [entry({**COUPON, "pattern": "^PAID"}, f"rule/{n:03}") for n in range(RULES_MAX)]
    leaked = exchange("/cart?code=FREE-2024")
    assert told(core(last, *others), leaked) == []
    gone = replace(others[0], removed=True)
    assert len(told(core(*others, last, gone), leaked)) == 1
    assert len(told(core(*others[1:], last), leaked)) == 1
