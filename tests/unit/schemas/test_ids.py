"""Ids say what they name, and nothing else."""

from schemas.ids import digest, finding_id

HOUR_US = 3_600_000_000


def test_the_same_thing_has_the_same_id_within_a_bucket() -> None:
    first = finding_id("sqli", "shop.example /a 10.0.0.1", 10 * HOUR_US, HOUR_US)
    assert first == finding_id("sqli", "shop.example /a 10.0.0.1", 11 * HOUR_US - 1, HOUR_US)
    assert first != finding_id("sqli", "shop.example /a 10.0.0.1", 11 * HOUR_US, HOUR_US)
    assert first != finding_id("xss", "shop.example /a 10.0.0.1", 10 * HOUR_US, HOUR_US)
    assert len(first) == 32


def test_parts_do_not_run_into_each_other() -> None:
    assert digest("ab", "c") != digest("a", "bc") != digest("abc")
