"""How far packet time has come, by site: the minimum over the sources that count.

In:     Watermark records of an input topic.
Out:    the watermark of a site; which sources are held out of it and why.
Keeps:  what each source said last, as one Progress row a site.

A source that released a site is out of its minimum until it speaks again. One that is far behind
the others must not hold everything up, one that is far ahead of the broker's clock must not push
everything on: both are held out, and `held_out` shows them.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from schemas.codec import decode_as, encode
from schemas.types import Progress, SourceTime, Watermark
from services.runtime.table import Table

# Design §4.4: one that is silent or 30 s behind leaves the minimum.
BEHIND_US_MAX = 30_000_000
# Clocks of hosts without NTP drift by minutes; a day ahead is a broken clock or a forged packet.
AHEAD_US_MAX = 86_400_000_000
# Each file read as its own site makes one; 10,000 of some 500 bytes are 5 MB.
SITES_MAX = 10_000
# Partitions of `packets` times some mirrors; the source heard longest ago gives way.
SOURCES_MAX = 1_024

Reason = Literal["behind", "ahead"]


@dataclass(frozen=True, slots=True)
class HeldOut:
    """A source that does not count for a site's watermark, and why."""

    source: str
    site: str
    at_us: int
    reason: Reason


class Watermarks:
    """The watermarks of one input partition. Its rows begin with "watermark/"."""

    def __init__(self) -> None:
        self.table: Table[Progress] = Table(
            "watermark", encode, lambda row: decode_as(Progress, row), rows_max=SITES_MAX
        )
        self._ahead: dict[tuple[str, str], int] = {}

    def hear(self, mark: Watermark, appended_us: int = 0) -> None:
        """Take in what a source says.

        A time far ahead of the broker's clock (`appended_us`; 0: unknown) is not taken: what the
        source said before stands.
        """
        key = mark.site.encode()
        known = self.table.get(key)
        sources = {said.source: said for said in known.watermarks} if known else {}
        before = sources.pop(mark.source, None)
        at_us = mark.at_us
        self._ahead.pop((mark.site, mark.source), None)
        if appended_us and at_us > appended_us + AHEAD_US_MAX:
            if len(self._ahead) < SOURCES_MAX:
                self._ahead[mark.site, mark.source] = at_us
            if before is None:
                return
            at_us = before.at_us
        sources[mark.source] = SourceTime(
            source=mark.source, site=mark.site, at_us=at_us, released=mark.released
        )
        newest = tuple(sources.values())[-SOURCES_MAX:]
        self.table.put(key, Progress(broadcast={}, watermarks=newest))

    def at(self, site: str) -> int | None:
        """Packet time, microseconds: what comes later for this site is not older.

        None while nobody has said anything. Once all sources released the site, the greatest
        time that one of them reached.
        """
        known = self.table.get(site.encode())
        if known is None:
            return None
        active = [said.at_us for said in known.watermarks if not said.released]
        if not active:
            return max(said.at_us for said in known.watermarks)
        line = max(active) - BEHIND_US_MAX
        return min(at_us for at_us in active if at_us >= line)

    def ended(self, site: str) -> bool:
        """All sources released the site: nothing is to come, until one speaks again."""
        known = self.table.get(site.encode())
        return known is not None and all(said.released for said in known.watermarks)

    def held_out(self) -> Iterator[HeldOut]:
        """Sources that do not count although they are not released."""
        for (site, source), at_us in self._ahead.items():
            yield HeldOut(source, site, at_us, "ahead")
        for _, known in self.table.items():
            active = [said for said in known.watermarks if not said.released]
            line = max((said.at_us for said in active), default=0) - BEHIND_US_MAX
            for said in active:
                if said.at_us < line:
                    yield HeldOut(said.source, said.site, said.at_us, "behind")
