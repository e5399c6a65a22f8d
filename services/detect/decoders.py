"""One layer of encoding off a value: each decoder is a function from bytes to bytes.

In:   a value, as it stood in its point or as another decoder left it.
Out:  what it says one layer deeper, or None where this encoding is not there.

Decoders are total and never guess on plain text: base64, for one, must give printable text.
"""

import base64
import binascii
import html
import re
from collections.abc import Callable
from urllib.parse import unquote_to_bytes

PERCENT = re.compile(rb"%(?:[0-9a-fA-F]{2}|[uU][0-9a-fA-F]{4})")
PERCENT_U = re.compile(rb"%[uU]([0-9a-fA-F]{4})")
# Two- and three-byte forms of ASCII: no encoder makes them, lenient decoders take them.
OVERLONG = re.compile(
    rb"[\xc0\xc1][\x80-\xbf]|\xe0[\x80\x81][\x80-\xbf]|\xf0\x80[\x80\x81][\x80-\xbf]"
)
# The half- and fullwidth forms of ASCII (U+FF01 to U+FF5E), which best-fit mappings fold.
FULLWIDTH = re.compile(rb"\xef\xbc[\x81-\xbf]|\xef\xbd[\x80-\x9e]")
ENTITY = re.compile(rb"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z]{2,31};)")
ESCAPE = re.compile(
    rb"\\(?:u([0-9a-fA-F]{4})|u\{([0-9a-fA-F]{1,6})\}|x([0-9a-fA-F]{2})|([0-3][0-7]{2}))"
)
BASE64_DIGITS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_=\r\n "
# A + that a form made a blank is a + again.
URL_SAFE = bytes.maketrans(b"-_ ", b"+/+")
# Seven bytes: shorter rows of letters are words, and random ones are printable too often.
BASE64_DIGITS_MIN = 10
HEX = re.compile(rb"(?:0x|\\x)?((?:[0-9a-fA-F]{2}){8,})\Z")
PRINTABLE = bytes(range(0x20, 0x7F)) + b"\t\r\n\0"
SQL_COMMENT = re.compile(rb"/\*(?:!\d{0,6})?(.*?)\*/|/\*!\d{0,6}", re.S)
SQL_LINE_COMMENT = re.compile(rb"(?:--|#)[^\n]*\n")
SHELL_NOISE = re.compile(
    rb"\$\{?IFS\}?(?:\$\d)?|\$[@*?!_-](?=[\w/])|\$[@*]|\$\{[@*]\}|(?<=\w)(?:''|\"\"|``)(?=\w)|\\(?=[a-z/])"
)
NO_SHELL_NOISE = bytes(c for c in range(256) if c not in b"'\"`$\\")
SHELL_QUOTED = re.compile(rb"['\"](\w{0,3})['\"](?=[\w/])")


def percent(value: bytes) -> bytes | None:
    """%41 and %u0041, once."""
    if not PERCENT.search(value):
        return None
    if b"%u" in value or b"%U" in value:
        value = PERCENT_U.sub(lambda found: _utf8(int(found[1], 16)), value)
    # Quoted-printable is the same with another sign, and its decoder is C: 20 times faster. It
    # differs on broken escapes and line ends; then, or when lengths do not add up, the slow way.
    if b"\n" not in value and b"\r" not in value:
        out = binascii.a2b_qp(value.replace(b"=", b"=3D").replace(b"%", b"="))
        if len(value) - len(out) == 2 * value.count(b"%"):
            return out
    return unquote_to_bytes(value)


def overlong(value: bytes) -> bytes | None:
    """Overlong UTF-8 and fullwidth forms to the ASCII that a lenient server reads."""
    if value.isascii():
        return None
    out = OVERLONG.sub(lambda found: bytes([_low_bits(found[0])]), value)
    out = FULLWIDTH.sub(lambda found: bytes([ord(found[0].decode()) - 0xFEE0]), out)
    return out if out != value else None


def entities(value: bytes) -> bytes | None:
    """HTML entities, named and numeric."""
    if b"&" not in value or not ENTITY.search(value):
        return None
    out = html.unescape(value.decode("utf-8", "surrogateescape"))
    return out.encode("utf-8", "surrogateescape")


def escapes(value: bytes) -> bytes | None:
    r"""\u0041, \u{41}, \x41 and \101 of JavaScript, JSON and shells."""
    if b"\\" not in value or not ESCAPE.search(value):
        return None
    return ESCAPE.sub(_escaped, value)


def base64_text(value: bytes) -> bytes | None:
    """Base64, standard or URL-safe, padded or not, that holds printable text."""
    if value.translate(None, BASE64_DIGITS):
        if not value.startswith(b"data:"):
            return None
        value = value.partition(b",")[2]
        if value.translate(None, BASE64_DIGITS):
            return None
    digits = value.translate(URL_SAFE, b"\r\n=")
    if len(digits) < BASE64_DIGITS_MIN or not _printable(_unbase64(digits[:16])):
        return None
    return _printable(_unbase64(digits))


def hex_text(value: bytes) -> bytes | None:
    """A row of hex digits that holds printable text."""
    found = HEX.match(value) if len(value) >= 16 else None
    return _printable(bytes.fromhex(found[1].decode())) if found else None


def nulls(value: bytes) -> bytes | None:
    """The value as one reads it who skips null bytes, or who takes UTF-16 for ASCII."""
    return value.replace(b"\0", b"") if b"\0" in value else None


def sql_comments(value: bytes) -> bytes | None:
    """Comments inside SQL are white space to the server; those of MySQL with ! are code."""
    out = value
    if b"/*" in value:
        out = SQL_COMMENT.sub(lambda found: b" " + _code(found) + b" ", out)
    if b"\n" in value and (b"--" in value or b"#" in value):
        out = SQL_LINE_COMMENT.sub(b" ", out)
    return out if out != value else None


def shell_noise(value: bytes) -> bytes | None:
    r"""c'a't, c\at and cat$IFS/etc as a shell reads them."""
    if not value.translate(None, NO_SHELL_NOISE):
        return None
    out = SHELL_NOISE.sub(
        lambda found: b" " if found[0].startswith(b"$") and b"IFS" in found[0] else b"", value
    )
    out = SHELL_QUOTED.sub(rb"\1", out)
    return out if out != value else None


def _unbase64(digits: bytes) -> bytes:
    try:
        return base64.b64decode(digits + b"=" * (-len(digits) % 4))
    except binascii.Error:
        return b""


def _printable(text: bytes) -> bytes | None:
    return text if text and not text.translate(None, PRINTABLE) else None


def _code(comment: re.Match[bytes]) -> bytes:
    return comment[1] or b"" if comment[0].startswith(b"/*!") else b""


def _escaped(found: re.Match[bytes]) -> bytes:
    octal = found[4]
    return _utf8(int(octal, 8) if octal else int(found[1] or found[2] or found[3], 16))


def _utf8(code: int) -> bytes:
    return chr(min(code, 0x10FFFF)).encode("utf-8", "surrogatepass")


def _low_bits(form: bytes) -> int:
    """The seven bits that an overlong form carries: they stand in its last two bytes."""
    return (form[-2] & 1) << 6 | form[-1] & 0x3F


# Tried in this order on every value, each result again: docs/decisions/0022.
DECODERS: tuple[tuple[str, Callable[[bytes], bytes | None]], ...] = (
    ("percent", percent),
    ("overlong", overlong),
    ("entities", entities),
    ("escapes", escapes),
    ("nulls", nulls),
    ("base64", base64_text),
    ("hex", hex_text),
)
# What an interpreter makes of a value that is already plain: scanned, but not decoded again.
READINGS: tuple[tuple[str, Callable[[bytes], bytes | None]], ...] = (
    ("sql comments", sql_comments),
    ("shell noise", shell_noise),
)
# All that no decoder and no reading but base64 and hex begins with.
UNENCODED = bytes(c for c in range(128) if c not in b"%&\\\0*'\"`$")


def encoded(value: bytes) -> bool:
    """Whether any decoder or reading could find work; quick, for nearly all have none."""
    if value.translate(None, UNENCODED):
        return True
    if len(value) < BASE64_DIGITS_MIN or (
        value.translate(None, BASE64_DIGITS) and not value.startswith(b"data:")
    ):
        return False
    return base64_text(value) is not None or hex_text(value) is not None
