"""Shellshock: what must fire, and what must not."""

from services.detect.detectors.shellshock import DETECTOR
from tests.unit.detect.detectors.cases import (
    check_attacks,
    check_fires,
    check_silent,
    header,
    query,
)

FIRES = {
    "shellshock.function": [
        (header, "User-Agent: () { :;}; echo x"),
        (header, "Referer: () { x;}; /bin/id"),
    ],
}

ATTACKS = [
    (header, "Cookie: a=() { :; }; id"),
]

SILENT = [
    (query, "() => { go(); }"),
    (query, "f() { }"),
    (query, "(){}"),
    (query, "(a) { b }"),
]


def test_every_rule_fires_on_its_cases() -> None:
    assert sum(len(cases) for cases in FIRES.values()) == 2
    check_fires(DETECTOR, FIRES)


def test_whole_attacks_are_called_so() -> None:
    check_attacks(DETECTOR, ATTACKS)


def test_look_alikes_are_silent() -> None:
    check_silent(SILENT)
