"""LDAP injection: what must fire, and what must not."""

from services.detect.detectors.ldapi import DETECTOR
from tests.unit.detect.detectors.cases import check_attacks, check_fires, check_silent, query

FIRES = {
    "ldapi.filter-break": [(query, "*)(uid=*"), (query, "x)(|(a=b")],
    "ldapi.attribute": [(query, "(objectClass=*)")],
}

ATTACKS = [
    (query, "*)(&"),
    (query, "admin)(|(cn=*))"),
]

SILENT = [
    (query, "(see below) (and above)"),
    (query, "f(x)(y)"),
    (query, "5*(3+4)"),
    (query, "(a) & (b)"),
    (query, "* required"),
]


def test_every_rule_fires_on_its_cases() -> None:
    assert sum(len(cases) for cases in FIRES.values()) == 3
    check_fires(DETECTOR, FIRES)


def test_whole_attacks_are_called_so() -> None:
    check_attacks(DETECTOR, ATTACKS)


def test_look_alikes_are_silent() -> None:
    check_silent(SILENT)
