"""Watermarks: the minimum over the sources that count."""

from schemas.types import Watermark
from services.runtime.table import restore
from services.runtime.watermarks import AHEAD_US_MAX, SILENT_US_MAX, Watermarks

S = 1_000_000


def mark(source: str, at_us: int, *, sources: int = 1, released: bool = False) -> Watermark:
    return Watermark(source=source, sources=sources, site="s", at_us=at_us, released=released)


def heard(*said: tuple[str, int], released: str = "") -> Watermarks:
    marks = Watermarks()
    for source, at_us in said:
        marks.hear(mark(source, at_us, released=source == released))
    return marks


def test_nobody_said_anything() -> None:
    assert Watermarks().at("s") is None
    assert not Watermarks().ended("s")


def test_the_slowest_source_counts() -> None:
    assert heard(("a", 9 * S), ("b", 5 * S)).at("s") == 5 * S
    assert heard(("a", 9 * S)).at("other") is None


def test_nothing_is_known_before_every_source_has_spoken() -> None:
    marks = Watermarks()
    marks.hear(mark("packets/0", 900 * S, sources=2, released=True))
    assert (marks.at("s"), marks.ended("s")) == (None, False)
    marks.hear(mark("packets/1", 3 * S, sources=2))
    assert (marks.at("s"), marks.ended("s")) == (3 * S, False)
    marks.hear(mark("packets/1", 800 * S, sources=2, released=True))
    assert (marks.at("s"), marks.ended("s")) == (900 * S, True)


def test_sources_of_another_kind_are_counted_apart() -> None:
    marks = Watermarks()
    marks.hear(mark("packets/0", 9 * S, sources=2))
    marks.hear(mark("mirror/web-1", 5 * S))
    assert marks.at("s") is None
    marks.hear(mark("packets/1", 8 * S, sources=2))
    assert marks.at("s") == 5 * S


def test_a_source_hours_behind_in_packet_time_counts_while_it_speaks() -> None:
    marks = Watermarks()
    marks.hear(mark("a", 90_000 * S), appended_us=1 * S)
    marks.hear(mark("b", 5 * S), appended_us=2 * S)
    assert marks.at("s") == 5 * S


def test_a_source_that_fell_silent_is_held_out_and_counted() -> None:
    marks = Watermarks()
    marks.hear(mark("b", 5 * S), appended_us=1_000 * S)
    marks.hear(mark("a", 9 * S), appended_us=1_000 * S + SILENT_US_MAX)
    assert marks.at("s") == 5 * S
    assert marks.counts() == {}
    marks.hear(mark("a", 10 * S), appended_us=1_000 * S + SILENT_US_MAX + 1)
    assert marks.at("s") == 10 * S
    assert marks.counts() == {"sources_silent": 1}
    assert marks.counts() == {}


def test_a_released_source_is_out_until_it_speaks_again() -> None:
    marks = heard(("a", 9 * S), ("b", 5 * S), released="b")
    assert (marks.at("s"), marks.ended("s")) == (9 * S, False)
    marks.hear(mark("b", 6 * S))
    assert marks.at("s") == 6 * S


def test_a_site_that_all_released_has_ended() -> None:
    marks = heard(("a", 9 * S), released="a")
    assert (marks.at("s"), marks.ended("s")) == (9 * S, True)


def test_a_source_far_ahead_of_the_broker_does_not_push() -> None:
    marks = heard(("a", 9 * S), ("b", 8 * S))
    far_us = 10 * S + AHEAD_US_MAX + 1
    marks.hear(mark("b", far_us), appended_us=10 * S)
    assert marks.at("s") == 8 * S
    assert marks.counts() == {"sources_ahead": 1}
    marks.hear(mark("b", 11 * S), appended_us=12 * S)
    assert marks.at("s") == 9 * S
    assert marks.counts() == {}


def test_a_site_whose_packets_are_of_the_future_ends_too() -> None:
    marks = Watermarks()
    far_us = 10 * S + AHEAD_US_MAX + 1
    marks.hear(mark("a", far_us, released=True), appended_us=10 * S)
    assert (marks.at("s"), marks.ended("s")) == (10 * S, True)


def test_it_comes_back_from_its_rows() -> None:
    marks = heard(("a", 9 * S), ("b", 5 * S), released="b")
    again = Watermarks()
    restore(marks.table.take(), again.table)
    assert again.at("s") == marks.at("s")
    again.hear(mark("b", 1 * S))
    assert again.at("s") == 1 * S
