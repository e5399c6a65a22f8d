"""Hosts that are one API."""

import pytest

from services.discovery.settings import Settings
from services.discovery.wildcards import Wildcards


@pytest.mark.parametrize(
    ("host", "told"),
    [
        ("ann.saas.example", "*.saas.example"),
        ("a.b.saas.example", "*.saas.example"),
        ("ann.saas.example:8443", "*.saas.example:8443"),
        ("ann.eu.saas.example", "*.eu.saas.example"),
        ("saas.example", "saas.example"),
        (".saas.example", ".saas.example"),
        ("notsaas.example", "notsaas.example"),
        ("ann.saas.example.net", "ann.saas.example.net"),
        ("", ""),
    ],
)
def test_the_longest_pattern_names_the_host(host: str, told: str) -> None:
    assert Wildcards(("*.saas.example", "*.eu.saas.example")).of(host) == told


def test_without_patterns_hosts_are_themselves() -> None:
    assert Wildcards(()).of("ann.saas.example") == "ann.saas.example"


@pytest.mark.parametrize("pattern", ["saas.example", "*", "*.", "*.SAAS.example", "a.*.example"])
def test_other_patterns_are_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match="wildcard_hosts"):
        Settings(wildcard_hosts=(pattern,))
