"""A rule is tried on what there was before anybody saves it."""

import pytest
from sidetap_native import Exchange

from schemas.codec import encode
from services.cli import policy_rule
from services.cli.policy_rule import rule_entry, tried
from services.cli.refusal import RefusedError
from services.cli.silenced import Scope
from services.runtime.masking import Masker
from tests.traffic import exchange

INJECTION = "/cart?code=FREE-1%27%20UNION%20SELECT%20name,pass%20FROM%20users--%20"
SECRET = "hunter2-hunter2"
PAST = [
    exchange("/cart?code=FREE-2024"),
    exchange(f"/cart?code=FREE-2024&password={SECRET}", at_s=1),
    exchange(INJECTION, at_s=2),
    *(exchange(f"/cart?code=PAID-{n}", at_s=n) for n in range(7)),
]
MASKER = Masker(b"key")


def past() -> list[Exchange]:
    return [Exchange(encode(one)) for one in PAST]


def test_it_says_what_is_new_and_what_was_found_anyway() -> None:
    entry = rule_entry("coupon", "^FREE-", "A coupon", Scope(class_="other", where="query.code"))
    assert (entry.id, entry.kind) == ("rule/coupon", "rule")
    said = tried(entry, past(), MASKER)
    assert (said.exchanges, said.matched, said.new) == (10, 3, 2)
    assert [example[1:4] for example in said.examples] == [
        ("198.51.100.23", "GET /cart", "query.code")
    ] * 2


def test_examples_hold_no_secrets_and_are_few(monkeypatch: pytest.MonkeyPatch) -> None:
    entry = rule_entry("", ".", "", Scope(class_="other", where="query.password"))
    (example,) = tried(entry, past(), MASKER).examples
    assert SECRET not in str(example)
    monkeypatch.setattr(policy_rule, "EXAMPLES_MAX", 1)
    every = rule_entry("", ".", "", Scope(class_="other", path="/cart"))
    assert len(tried(every, past(), MASKER).examples) == 1


def test_the_same_rule_typed_twice_is_one_entry() -> None:
    scope = Scope(class_="other", host="shop.example")
    assert rule_entry("", "^FREE-", "", scope) == rule_entry("", "^FREE-", "", scope)
    assert rule_entry("", "^FREE-", "", scope).id != rule_entry("", "^PAID-", "", scope).id


def test_what_is_no_rule_is_refused() -> None:
    with pytest.raises(RefusedError, match="no class of attacks"):
        rule_entry("x", "a", "", Scope())
    with pytest.raises(RefusedError, match="does not take"):
        rule_entry("x", "(", "", Scope(class_="sqli"))
