"""The second opinion: what libinjection is asked, and what its answer is worth."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sidetap_native import reads_as_xss, sql_fingerprint

from services.detect import libinjection
from services.detect.points import Point
from services.detect.rules import Rule


def said(value: bytes) -> list[Rule]:
    point = Point("query", b"q", value, value)
    return [
        rule for rule, _ in (*libinjection.sql_opinion(point), *libinjection.html_opinion(point))
    ]


@pytest.mark.parametrize(
    ("value", "rules"),
    [
        (b"7' or 'b'='b", [libinjection.INJECTION]),
        (b"-3 union select pin, 4 from cards", [libinjection.INJECTION]),
        (b"-3\xa0union\xa0select\xa04", [libinjection.INJECTION]),  # white space to MySQL
        (b"select pin from cards where 3=3", [libinjection.FRAGMENT]),
        (b"<svg onload=go()>", [libinjection.HTML]),
        (b"x' onfocus=go() y='", [libinjection.HTML]),
        (b"the cat's whiskers", []),
        (b"<b>bold</b>", []),
        (b"", []),
    ],
)
def test_a_value_reads_as_what_it_is(value: bytes, rules: list[Rule]) -> None:
    assert said(value) == rules


def test_only_values_that_are_short_enough_are_asked() -> None:
    attack = b"7' or 'b'='b"
    room = libinjection.VALUE_BYTES_MAX - len(attack)
    assert said(attack + b" " * room) == [libinjection.INJECTION]
    assert said(attack + b" " * (room + 1)) == []


PIECES = st.sampled_from(
    [
        b"'",
        b'"',
        b"`",
        b"/*!",
        b"*/",
        b"--",
        b"\\",
        b"$a$",
        b"q'[",
        b"@@",
        b"<!--",
        b"<?",
        b"&#x",
        b"<a b=",
    ]
)


@given(st.lists(PIECES | st.binary(max_size=8), max_size=60).map(b"".join))
def test_whatever_the_bytes_there_is_an_answer(value: bytes) -> None:
    fingerprint = sql_fingerprint(value)
    assert fingerprint is None or 1 <= len(fingerprint) <= 5
    assert reads_as_xss(value) in (True, False)
