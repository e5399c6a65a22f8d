"""Moments: what people write, and times that no calendar holds."""

import pytest

from services.cli.moments import iso, moment_us
from services.cli.refusal import RefusedError

NOON_US = 1_700_000_000_000_000


@pytest.mark.parametrize(
    ("at_us", "shown"),
    [
        (0, "1970-01-01T00:00:00.000000Z"),
        (1_795_550_400_000_001, "2026-11-24T20:00:00.000001Z"),
        (-1, "1969-12-31T23:59:59.999999Z"),
        (2**63 - 1, "9999-12-31T23:59:59.999999Z"),
        (-(2**63), "0001-01-01T00:00:00.000000Z"),
    ],
)
def test_any_time_that_a_capture_claims_has_six_digits(at_us: int, shown: str) -> None:
    assert iso(at_us) == shown


@pytest.mark.parametrize(
    ("said", "at_us"),
    [
        ("2026-11-24T20:00:00.000001Z", 1_795_550_400_000_001),
        ("2026-11-24T20:00:00", 1_795_550_400_000_000),
        ("2026-11-24T21:00:00+01:00", 1_795_550_400_000_000),
        ("2026-11-24", 1_795_478_400_000_000),
        ("90s", NOON_US - 90_000_000),
        ("2h", NOON_US - 7_200_000_000),
        ("7d", NOON_US - 604_800_000_000),
    ],
)
def test_people_say_moments_in_two_ways(said: str, at_us: int) -> None:
    assert moment_us(said, NOON_US) == at_us


@pytest.mark.parametrize("said", ["", "yesterday", "10", "10 m", "2026-13-01", "9" * 12 + "w"])
def test_what_is_no_moment_is_refused_in_one_sentence(said: str) -> None:
    with pytest.raises(RefusedError, match="is no moment: give"):
        moment_us(said, NOON_US)
