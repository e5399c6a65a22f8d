"""Moments between a person and the packets: ISO text, "10m" ago, microseconds since 1970."""

import re
from datetime import UTC, datetime, timedelta

from services.cli.refusal import RefusedError

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LAST_US = (datetime.max.replace(tzinfo=UTC) - EPOCH) // timedelta(microseconds=1)
FIRST_US = (datetime.min.replace(tzinfo=UTC) - EPOCH) // timedelta(microseconds=1)
UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}

AGE = re.compile(r"(\d{1,9})([smhdw])")


def iso(at_us: int) -> str:
    """Microseconds since 1970 as 2026-11-22T20:00:00.000001Z, always six digits.

    A capture may claim any time; what no calendar holds is shown as its nearest end.
    """
    at = EPOCH + timedelta(microseconds=min(max(at_us, FIRST_US), LAST_US))
    return at.isoformat(timespec="microseconds").replace("+00:00", "Z")


def moment_us(said: str, now_us: int) -> int:
    """What a person said of a moment, in microseconds since 1970.

    Takes 2026-11-22, 2026-11-22T20:00[:00[.000001]][Z or +01:00] (UTC where nothing is said) or
    an age such as 90s, 10m, 2h, 7d.
    """
    if AGE.fullmatch(said):
        return now_us - span_us(said)
    try:
        at = datetime.fromisoformat(said)
    except ValueError:
        raise RefusedError(
            f"{said!r} is no moment: give 2026-11-22T20:00:00Z or an age such as 10m, 2h or 7d."
        ) from None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return (at - EPOCH) // timedelta(microseconds=1)


def span_us(said: str) -> int:
    """A length of time such as 90s, 10m, 2h, 7d in microseconds."""
    span = AGE.fullmatch(said)
    if span is None:
        raise RefusedError(f"{said!r} is no length of time: give one such as 10m, 2h or 7d.")
    return timedelta(**{UNITS[span[2]]: int(span[1])}) // timedelta(microseconds=1)
