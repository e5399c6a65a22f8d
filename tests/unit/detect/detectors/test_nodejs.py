"""Attacks on Node.js: what must fire, and what must not."""

from services.detect.detectors.nodejs import DETECTOR
from tests.unit.detect.detectors.cases import (
    body,
    check_attacks,
    check_fires,
    check_silent,
    form,
    query,
)

FIRES = {
    "nodejs.require": [(query, "require('child_process')"), (query, "process.mainModule")],
    "nodejs.run": [(query, "child_process.x"), (query, "res.end('a')")],
    "nodejs.function": [
        (query, "!!js/function 'x'"),
        (query, "_$$ND_FUNC$$_function(){}"),
        (query, "while(true)"),
    ],
    "nodejs.prototype": [
        (query, "__proto__.admin"),
        (form, "__proto__[x]=1"),
        (body, '{"__proto__": {"admin": true}}'),
    ],
}

ATTACKS = [
    (query, "require('child_process').execSync('id')"),
    (body, '{"a": {"__proto__": {"admin": true}}}'),
]

SILENT = [
    (query, "the js_function of __js"),
    (query, "we require a fork and a knife"),
    (query, "the process is slow"),
    (query, "prototype of a car"),
    (query, "while (if) I can"),
    (query, '{"process": "x"}'),
]


def test_every_rule_fires_on_its_cases() -> None:
    assert sum(len(cases) for cases in FIRES.values()) == 10
    check_fires(DETECTOR, FIRES)


def test_whole_attacks_are_called_so() -> None:
    check_attacks(DETECTOR, ATTACKS)


def test_look_alikes_are_silent() -> None:
    check_silent(SILENT)
