"""Bytes and text from the wire made fit for JSON and for a terminal: attacker's text is data."""

import codecs
import re

# C0, DEL and C1 steer terminals; the others reorder or hide what a person reads (CVE-2021-42574).
UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\ud800-\udfff]"
)
PERCENT = "sidetap.percent"


def _percent(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeDecodeError)
    wrong = error.object[error.start : error.end]
    return "".join(f"%{byte:02X}" for byte in wrong), error.end


codecs.register_error(PERCENT, _percent)


def text(raw: bytes) -> str:
    """Bytes as text; those that are not UTF-8 percent-encoded."""
    return raw.decode("utf-8", PERCENT)


def shown(value: str, characters_max: int = 200) -> str:
    """Text for a terminal: what could steer it is spelled out as \\x1b, long text is cut."""
    cut = value if len(value) <= characters_max else value[: characters_max - 1] + "…"
    return UNSAFE.sub(_spelled, cut)


def _spelled(found: re.Match[str]) -> str:
    point = ord(found.group())
    return f"\\x{point:02x}" if point < 256 else f"\\u{point:04x}"
