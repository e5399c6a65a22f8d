"""A signal as people may see it: where, the decoded value, what was sent, masked and shortened."""

import re

from schemas.types import Evidence
from services.detect.scoring import Signal
from services.detect.view import ExchangeView
from services.runtime.masking import Masker, sensitive

# What is shown around a match, in bytes on either side, and of the match itself.
AROUND_BYTES_MAX = 60
MATCH_BYTES_MAX = 240
RAW_BYTES_MAX = 360
LEADING_SECRET = re.compile(r"[\w.+/=-]*")


def evidence(signal: Signal, exchange: ExchangeView, masker: Masker) -> Evidence:
    """One signal of one exchange."""
    match = signal.match
    where = match.point.where
    before = shown(match.before[-AROUND_BYTES_MAX:])
    payload = shown(match.text[:MATCH_BYTES_MAX])
    after = shown(match.after[:AROUND_BYTES_MAX])
    start = len(before)
    if sensitive(where):
        # A match may begin with the secret itself: 81f0c2' or 1=1
        start += len(LEADING_SECRET.match(payload)[0])  # type: ignore[index]  # it matches nothing too
    span = (start, len(before) + len(payload))
    return Evidence(
        exchange=exchange.id,
        at_us=exchange.at_us,
        where=where,
        value=masker.value(where, before + payload + after, span),
        raw=masker.value(where, percent_encoded(match.point.raw[:RAW_BYTES_MAX])),
        rule=signal.rule.id,
        weight=signal.weight,
        why=tuple(f"{term} {weight:+.2f}" for term, weight in signal.why),
    )


def shown(value: bytes) -> str:
    """Text as it is; control characters and what is no UTF-8 with a backslash."""
    text = value.decode("utf-8", "backslashreplace")
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def percent_encoded(value: bytes) -> str:
    """ASCII as sent, everything else percent-encoded."""
    return "".join(chr(byte) if 0x20 <= byte < 0x7F else f"%{byte:02X}" for byte in value)
