"""NoSQL injection: what must fire, and what must not."""

from services.detect.detectors.nosqli import DETECTOR
from tests.unit.detect.detectors.cases import (
    body,
    check_attacks,
    check_fires,
    check_silent,
    form,
    path,
    query,
)

FIRES = {
    "nosqli.name": [(path, "/login?user[$ne]=x"), (form, "pass[$regex]=.")],
    "nosqli.operator-value": [(query, '{"$gt": ""}')],
    "nosqli.script": [(query, "'||this.password=='a"), (query, "$where=1")],
    "nosqli.sleep-loop": [(query, "var d = new Date(); do { x } while(1)")],
    "nosqli.key": [
        (body, '{"user":{"$gt":""}}'),
    ],
}

ATTACKS = [
    (path, "/login?user[$ne]=x"),
    (body, '{"user": {"a": "{\\"$ne\\": null}"}}'),
]

SILENT = [
    (query, "$5 or $10"),
    (query, "costs $gte more"),
    (body, '{"query": {"range": {"price": {"gte": 5}}}}'),
    (path, "/list?filter[size]=9"),
    (query, "this.is a sentence"),
    (body, '{"price":{"gt":5}}'),
    (body, '{"$schema":"x"}'),
]


def test_every_rule_fires_on_its_cases() -> None:
    assert sum(len(cases) for cases in FIRES.values()) == 7
    check_fires(DETECTOR, FIRES)


def test_whole_attacks_are_called_so() -> None:
    check_attacks(DETECTOR, ATTACKS)


def test_look_alikes_are_silent() -> None:
    check_silent(SILENT)
