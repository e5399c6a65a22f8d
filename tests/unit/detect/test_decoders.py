"""Each layer of encoding comes off, and plain text is left alone."""

import base64
import gzip
import zlib

import pytest

from services.detect.points import Cutter
from services.detect.view import PlainRequest


def layers(value: bytes) -> dict[str, bytes]:
    """What each decoder and each reading makes of a value by itself."""
    headers = [(b"x-requested-with", value)]
    request = PlainRequest(method=b"GET", target=b"", version="1.1", headers=headers)
    found = Cutter().request(request).found
    return {point.chain[0]: point.value for point in found if len(point.chain) == 1}


JOINED = b'{"header":{"alg":"none"},"payload":{"sub":"a"}}'


def token(header: bytes, payload: bytes) -> bytes:
    """A JSON web token without a signature."""
    parts = [base64.urlsafe_b64encode(part).rstrip(b"=") for part in (header, payload)]
    return b".".join([*parts, b""])


@pytest.mark.parametrize(
    ("method", "value", "out"),
    [
        ("percent", b"%3Cb%3e", b"<b>"),
        ("percent", b"%u003cb", b"<b"),
        ("percent", b"%2541", b"%41"),
        ("percent", b"100% %41", b"100% A"),
        ("percent", b"%41\n%%", b"A\n%%"),
        ("percent", b"a=%3D", b"a=="),
        ("overlong", b"..\xc0\xaf", b"../"),
        ("overlong", b"..\xe0\x80\xaf", b"../"),
        ("overlong", b"..\xc1\x9c", b"..\\"),
        ("overlong", "＜b＞".encode(), b"<b>"),
        ("entities", b"&lt;b&#62;&#x3c;", b"<b><"),
        ("escapes", rb"\u003cb\x3e\101\u{3c}", b"<b>A<"),
        ("nulls", b"s\0cript", b"script"),
        ("base64", base64.b64encode(b"' or 1=1 --"), b"' or 1=1 --"),
        ("base64", base64.urlsafe_b64encode(b"<<>>??<b>>").rstrip(b"="), b"<<>>??<b>>"),
        ("hex", b"0x" + b"' or 1=1".hex().encode(), b"' or 1=1"),
        ("utf-7", b"+ADw-b+AD4-", b"<b>"),
        ("utf-7", b"a+ACc +AD0AJw-b", b"a' ='b"),
        ("gzip", gzip.compress(b"' or 1=1"), b"' or 1=1"),
        ("gzip", zlib.compress(b"' or 1=1"), b"' or 1=1"),
        ("gzip", zlib.compress(b"' or 1=1", 1), b"' or 1=1"),
        ("gzip", base64.b64encode(gzip.compress(b"<b>" * 40)), b"<b>" * 40),
        ("gzip", base64.urlsafe_b64encode(zlib.compress(b"<b>??>")).rstrip(b"="), b"<b>??>"),
        ("jwt", token(b'{"alg":"none"}', b'{"sub":"a"}'), JOINED),
        ("jwt", b"Bearer " + token(b'{"alg":"none"}', b'{"sub":"a"}') + b"c2ln", JOINED),
        ("sql comments", b"union/**/select", b"union  select"),
        ("sql comments", b"/*!50000union*/", b" union "),
        ("sql comments", b"union --x\nall/**/", b"union  all  "),
        ("shell noise", b"c''at$IFS/etc", b"cat /etc"),
        ("shell noise", rb"c\at", b"cat"),
    ],
)  # fmt: skip
def test_a_layer_comes_off(method: str, value: bytes, out: bytes) -> None:
    assert layers(value)[method] == out


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"plain words",
        b"100",
        b"https://shop.example/a-b_c?d=e",
        b"81f0c2aa7710de94",
        b"ab12",
        b"C+ABx",
        b"1 +Able",
        b"a+b",
        b"xyz",
        b"eJ",
        b"eyJhIjoxfQ..",
        b"H4sI",
        b"Bearer eyJ.a.b",
    ],
)
def test_plain_values_have_no_layers(value: bytes) -> None:
    assert layers(value) == {}


def test_random_tokens_are_no_text_in_base64() -> None:
    assert layers(b"Qk3x9ZpL7vR2mT8wYb4N") == {}


def test_control_signs_as_entities_are_what_browsers_read() -> None:
    assert layers(b"java&#1;script&#11;")["entities"] == b"java\x01script\x0b"


def test_signs_of_a_layer_that_are_none_stay() -> None:
    for value in (b"100%", b"%zz", b"a&b", b"&copy=1", rb"\Q", b"5 * 3", b"it's"):
        assert layers(value) == {}
