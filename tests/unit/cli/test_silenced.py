"""Which past findings an exclusion would have kept from being."""

import pytest

from schemas.types import Evidence
from services.cli.silenced import Scope, silenced
from tests.findings import finding


def evidence(where: str, rule: str) -> Evidence:
    return Evidence(exchange="x", at_us=0, where=where, value="", raw="", rule=rule, weight=1.0)


ONE = finding("one", evidence=(evidence("query.q", "sqli.tautology"),))
TWO = finding(
    "two", evidence=(evidence("query.q", "sqli.tautology"), evidence("query.q", "sqli.union"))
)


@pytest.mark.parametrize(
    ("scope", "gone"),
    [
        (Scope(rule="sqli.tautology"), ["one"]),
        (Scope(class_="sqli"), ["one", "two"]),
        (Scope(class_="sqli", host="shop.example", path="/sea", where="query.q"), ["one", "two"]),
        (Scope(class_="sqli", host="other.example"), []),
        (Scope(class_="sqli", path="/login"), []),
        (Scope(class_="sqli", where="query.id"), []),
        (Scope(class_="xss"), []),
        (Scope(site="branch"), []),
    ],
)
def test_a_finding_goes_when_all_its_evidence_is_covered(scope: Scope, gone: list[str]) -> None:
    assert [one.id for one in silenced([ONE, TWO], scope)] == gone


def test_what_is_no_attack_or_has_no_evidence_stays() -> None:
    others = [finding("a", evidence=()), finding("b", kind="behaviour", evidence=ONE.evidence)]
    assert silenced(others, Scope(class_="sqli")) == []
