"""Each layer of encoding comes off, and plain text is left alone."""

import base64
from collections.abc import Callable

import pytest

from services.detect import decoders
from services.detect.decoders import DECODERS, READINGS, encoded

Decoder = Callable[[bytes], bytes | None]


@pytest.mark.parametrize(
    ("decode", "value", "out"),
    [
        (decoders.percent, b"%3Cb%3e", b"<b>"),
        (decoders.percent, b"%u003cb", b"<b"),
        (decoders.percent, b"%2541", b"%41"),
        (decoders.percent, b"100% %41", b"100% A"),
        (decoders.percent, b"%41\n%%", b"A\n%%"),
        (decoders.percent, b"a=%3D", b"a=="),
        (decoders.overlong, b"..\xc0\xaf", b"../"),
        (decoders.overlong, b"..\xe0\x80\xaf", b"../"),
        (decoders.overlong, b"..\xc1\x9c", b"..\\"),
        (decoders.overlong, "＜b＞".encode(), b"<b>"),
        (decoders.entities, b"&lt;b&#62;&#x3c;", b"<b><"),
        (decoders.escapes, rb"\u003cb\x3e\101\u{3c}", b"<b>A<"),
        (decoders.nulls, b"s\0cript", b"script"),
        (decoders.base64_text, base64.b64encode(b"' or 1=1 --"), b"' or 1=1 --"),
        (decoders.base64_text, base64.urlsafe_b64encode(b"<<>>??<b>>").rstrip(b"="), b"<<>>??<b>>"),
        (decoders.hex_text, b"0x" + b"' or 1=1".hex().encode(), b"' or 1=1"),
        (decoders.sql_comments, b"union/**/select", b"union  select"),
        (decoders.sql_comments, b"/*!50000union*/", b" union "),
        (decoders.sql_comments, b"union --x\nall/**/", b"union  all  "),
        (decoders.shell_noise, b"c''at$IFS/etc", b"cat /etc"),
        (decoders.shell_noise, rb"c\at", b"cat"),
    ],
)  # fmt: skip
def test_a_layer_comes_off(decode: Decoder, value: bytes, out: bytes) -> None:
    assert decode(value) == out
    assert encoded(value)


@pytest.mark.parametrize(
    "value",
    [b"", b"plain words", b"100", b"https://shop.example/a-b_c?d=e", b"81f0c2aa7710de94", b"ab12"],
)
def test_plain_values_have_no_layers(value: bytes) -> None:
    assert not encoded(value)
    assert [name for name, decode in (*DECODERS, *READINGS) if decode(value) is not None] == []


def test_random_tokens_are_no_text_in_base64() -> None:
    assert decoders.base64_text(b"Qk3x9ZpL7vR2mT8wYb4N") is None
