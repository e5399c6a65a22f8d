"""What a gate would have stopped, and what of it people called wrong."""

from dataclasses import replace

from schemas.types import Label
from services.cli.inline_gate import gates
from tests.findings import finding


def label(verdict: bool) -> Label:
    return Label(id="finding/x", verdict=verdict, class_="", by="ann", at_us=0, note="")


FOUND = [
    finding("a", rule="sqli", host="shop", count=7),
    finding("b", rule="sqli", host="shop", count=2),
    finding("c", rule="sqli", host="shop", count=3, would_block=False),
    finding("d", rule="sqli", host="blog", count=1),
    finding("e", rule="xss", host="shop", count=20),
]


def test_requests_are_counted_by_host_and_rule_the_most_first() -> None:
    made = gates(FOUND, {})
    assert [(each.host, each.rule, each.stopped.requests) for each in made] == [
        ("shop", "xss", 20),
        ("shop", "sqli", 9),
        ("blog", "sqli", 1),
    ]
    assert made[1].passed.form() == {"findings": 1, "requests": 3}


def test_what_people_said_is_told_apart_from_what_nobody_judged() -> None:
    (xss, sqli, _) = gates(FOUND, {"a": label(False), "b": label(True), "c": label(False)})
    assert sqli.wrongly.form() == {"findings": 1, "requests": 7}
    assert sqli.rightly.form() == {"findings": 1, "requests": 2}
    assert sqli.examples == ["a"]
    assert (xss.wrongly.findings, xss.rightly.findings) == (0, 0)


def test_limits_and_denials_are_told_apart() -> None:
    known = {"rule": "limits.exceeded", "would_block": False, "count": 4}
    (made,) = gates([
        finding("a", would_limit=True, **known), finding("b", would_deny=True, **known),
        finding("c", would_limit=True, would_deny=True, **known),
    ], {})  # fmt: skip
    ways = (made.stopped, made.blocked, made.limited, made.denied)
    assert [tally.requests for tally in ways] == [12, 0, 8, 8]
    assert made.form()["would_limit"] == {"findings": 2, "requests": 8}


def test_a_gate_sees_no_vulnerabilities() -> None:
    seen = replace(FOUND[0], kind="vulnerability")
    assert gates([seen], {}) == []
