"""Watermarks: the minimum over the sources that count."""

from schemas.types import Watermark
from services.runtime.table import restore
from services.runtime.watermarks import AHEAD_US_MAX, BEHIND_US_MAX, HeldOut, Watermarks

S = 1_000_000


def heard(*said: tuple[str, int], released: str = "") -> Watermarks:
    marks = Watermarks()
    for source, at_us in said:
        marks.hear(Watermark(source=source, site="s", at_us=at_us, released=source == released))
    return marks


def test_nobody_said_anything() -> None:
    assert Watermarks().at("s") is None
    assert not Watermarks().ended("s")


def test_the_slowest_source_counts() -> None:
    assert heard(("a", 9 * S), ("b", 5 * S)).at("s") == 5 * S
    assert heard(("a", 9 * S)).at("other") is None


def test_a_source_far_behind_is_held_out_and_shown() -> None:
    marks = heard(
        ("a", 100 * S), ("b", 100 * S - BEHIND_US_MAX - 1), ("c", 100 * S - BEHIND_US_MAX)
    )
    assert marks.at("s") == 100 * S - BEHIND_US_MAX
    assert list(marks.held_out()) == [HeldOut("b", "s", 100 * S - BEHIND_US_MAX - 1, "behind")]


def test_a_released_source_is_out_until_it_speaks_again() -> None:
    marks = heard(("a", 9 * S), ("b", 5 * S), released="b")
    assert (marks.at("s"), marks.ended("s")) == (9 * S, False)
    marks.hear(Watermark(source="b", site="s", at_us=6 * S, released=False))
    assert marks.at("s") == 6 * S


def test_a_site_that_all_released_has_ended() -> None:
    marks = heard(("a", 9 * S), released="a")
    assert (marks.at("s"), marks.ended("s")) == (9 * S, True)


def test_a_source_far_ahead_of_the_broker_does_not_push() -> None:
    marks = heard(("a", 9 * S), ("b", 8 * S))
    far_us = 10 * S + AHEAD_US_MAX + 1
    marks.hear(Watermark(source="b", site="s", at_us=far_us, released=False), appended_us=10 * S)
    assert marks.at("s") == 8 * S
    assert list(marks.held_out()) == [HeldOut("b", "s", far_us, "ahead")]
    marks.hear(Watermark(source="b", site="s", at_us=11 * S, released=False), appended_us=12 * S)
    assert marks.at("s") == 9 * S
    assert list(marks.held_out()) == []


def test_it_comes_back_from_its_rows() -> None:
    marks = heard(("a", 9 * S), ("b", 5 * S), released="b")
    again = Watermarks()
    restore(marks.table.take(), again.table)
    assert again.at("s") == marks.at("s")
    again.hear(Watermark(source="b", site="s", at_us=1 * S, released=False))
    assert again.at("s") == 1 * S
