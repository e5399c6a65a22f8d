"""What the machine says of itself is read rightly."""

import pytest

from services.cli.doctor import CAP_NET_RAW, has_capability, java_version


@pytest.mark.parametrize(
    ("said", "version"),
    [
        ('openjdk version "17.0.15" 2025-04-15', 17),
        ('openjdk version "25" 2025-09-16', 25),
        ('java version "1.8.0_392"', 8),
        ("sh: java: not found", None),
        ("", None),
    ],
)
def test_java_says_its_version_in_two_ways(said: str, version: int | None) -> None:
    assert java_version(said) == version


def test_capabilities_are_bits_of_a_hex_mask() -> None:
    assert has_capability("Name:\tx\nCapEff:\t0000000000002000\n", CAP_NET_RAW)
    assert not has_capability("CapPrm:\t0000000000002000\nCapEff:\t0000000000001000\n", CAP_NET_RAW)
