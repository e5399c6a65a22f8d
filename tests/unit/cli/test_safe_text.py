"""Attacker's text: kept in JSON, harmless on a terminal."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.cli.safe_text import UNSAFE, shown, text


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"/plain", "/plain"),
        ("/straße".encode(), "/straße"),
        (b"/\xff\xfe", "/%FF%FE"),
        (b"/caf\xc3", "/caf%C3"),
        (b"/\xed\xa0\x80", "/%ED%A0%80"),  # a surrogate in UTF-8 is no UTF-8
        (b"a\x00b", "a\x00b"),
    ],
)
def test_bytes_that_are_not_utf8_are_percent_encoded(raw: bytes, expected: str) -> None:
    assert text(raw) == expected


@given(st.binary())
def test_any_bytes_become_text_that_json_takes(raw: bytes) -> None:
    text(raw).encode()


@given(st.text())
def test_nothing_that_steers_a_terminal_is_left(value: str) -> None:
    assert not UNSAFE.search(shown(value))


def test_an_escape_sequence_is_spelled_out_and_long_text_is_cut() -> None:
    assert shown("\x1b[2Jx\u202e") == "\\x1b[2Jx\\u202e"
    assert shown("a" * 300, 10) == "a" * 9 + "…"
