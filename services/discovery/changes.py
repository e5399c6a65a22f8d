"""What changed about an operation, and when.

In:     its endpoint, how long its host has been known, how far packet time has come.
Out:    changes: new, changed, unused, gone, returned.
Keeps:  nothing. Endpoints carry when each part was first and last seen, so changes are a function
        of the set of exchanges, as the inventory is.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from schemas.types import Endpoint
from services.discovery.settings import Settings

US, DAY_US = 1_000_000, 86_400_000_000
# Parts that clients stop sending. Statuses come and go with what happens.
SENT = ("query ", "header ", "cookie ", "body ", "auth ")


@dataclass(frozen=True, slots=True, order=True)
class Change:
    """One change; `at_us`: when it became true, in packet time."""

    at_us: int
    kind: str
    """new, changed, unused, gone or returned."""
    what: str = ""
    """Of a change: the part, and what became of it."""


def changes(endpoint: Endpoint, host_us: int, now_us: int, settings: Settings) -> list[Change]:
    """All changes of an operation up to now, in the order of time.

    `host_us`: first exchange of its host. What is not admitted is no operation, and has none.
    """
    if not endpoint.admitted:
        return []
    return sorted(
        [
            *_new(endpoint, host_us, settings.baseline_s * US),
            *_parts(endpoint, settings),
            *_usage(endpoint, now_us, settings),
        ]
    )


def _new(endpoint: Endpoint, host_us: int, baseline_us: int) -> Iterator[Change]:
    if endpoint.first_us - host_us > baseline_us:
        yield Change(endpoint.first_us, "new")


def _parts(endpoint: Endpoint, settings: Settings) -> Iterator[Change]:
    steady_us = endpoint.first_us + settings.baseline_s * US
    for part in endpoint.seen:
        if part.first_us > steady_us:
            yield Change(part.first_us, "changed", f"{part.what} is new")
        unused_us = part.last_us + settings.unused_s * US
        if part.what.startswith(SENT) and unused_us <= endpoint.last_us:
            yield Change(unused_us, "changed", f"{part.what} is not used any more")


def _usage(endpoint: Endpoint, now_us: int, settings: Settings) -> Iterator[Change]:
    """Idle since the end of the last day with requests: so gaps have it, which are days."""
    times = [(gap.from_us, gap.to_us) for gap in endpoint.gaps]
    idle_us = (endpoint.last_us // DAY_US + 1) * DAY_US
    for from_us, to_us in [*times, (idle_us, now_us)]:
        unused_us, gone_us = from_us + settings.unused_s * US, from_us + settings.gone_s * US
        if unused_us > to_us:
            continue
        yield Change(unused_us, "unused")
        if gone_us <= to_us:
            yield Change(gone_us, "gone")
        if (from_us, to_us) in times:
            yield Change(to_us, "returned")
