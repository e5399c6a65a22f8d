"""How far packet time has come, by site: the minimum over the sources that count.

In:     Watermark records of an input topic.
Out:    the watermark of a site; how often sources were held out of it.
Keeps:  what each source said last, as one Progress row a site.

There is no watermark before every source has spoken: a worker that catches up reads partition
after partition, and the first one's end of a file is not the end of the file. A source that
released a site is out of its minimum until it speaks again. One that fell silent must not hold
everything up, one that is far ahead of the broker's clock must not push everything on: both are
held out, and `counts` says so. Silence is measured by the broker's clock, never by packet
time: a source may well be hours of packet time behind another while both are read at full speed.
docs/decisions/0014 has the reasons.
"""

from collections import Counter
from collections.abc import Iterable, Iterator

from schemas.codec import decode_as, encode
from schemas.types import Progress, SourceTime, Watermark
from services.runtime.table import Table

# Design §4.4: one that is silent leaves the minimum.
SILENT_US_MAX = 30_000_000
# Clocks of hosts without NTP drift by minutes; a day ahead is a broken clock or a forged packet.
AHEAD_US_MAX = 86_400_000_000
# An answer carries the time of its request; one that comes this long after it is no news.
ANSWER_US_MAX = 600_000_000
# Each file read as its own site makes one; 10,000 of some 500 bytes are 5 MB.
SITES_MAX = 10_000
# Partitions of `packets` times some mirrors; the source heard longest ago gives way.
SOURCES_MAX = 1_024


class Watermarks:
    """The watermarks of one input partition. Its rows begin with "watermark/"."""

    def __init__(self) -> None:
        self.table: Table[Progress] = Table(
            "watermark", encode, lambda row: decode_as(Progress, row), rows_max=SITES_MAX
        )
        self._counts: Counter[str] = Counter()

    def counts(self) -> Counter[str]:
        """Since the last call, for metrics: `sources_ahead` that were not believed, and for
        each record heard the `sources_silent` that did not count then."""
        counts, self._counts = self._counts, Counter()
        return counts

    def hear(self, mark: Watermark, appended_us: int = 0) -> None:
        """Take in what a source says.

        A time far ahead of the broker's clock (`appended_us`; 0: unknown) is not taken: what the
        source said before stands. That it released the site counts all the same.
        """
        key = mark.site.encode()
        known = self.table.get(key)
        sources = {said.source: said for said in known.watermarks} if known else {}
        before = sources.pop(mark.source, None)
        at_us = mark.at_us
        if appended_us and at_us > appended_us + AHEAD_US_MAX:
            self._counts["sources_ahead"] += 1
            if before is None and not mark.released:
                return
            at_us = before.at_us if before else appended_us
        sources[mark.source] = SourceTime(
            source=mark.source, sources=mark.sources, site=mark.site,
            at_us=at_us, released=mark.released, appended_us=appended_us,
        )  # fmt: skip
        newest = tuple(sources.values())[-SOURCES_MAX:]
        running = sum(not said.released for said in newest)
        if silent := running - len(list(_counting(newest))):
            self._counts["sources_silent"] += silent
        self.table.put(key, Progress(broadcast={}, watermarks=newest))

    def at(self, site: str) -> int | None:
        """Packet time, microseconds: what comes later for this site is not older.

        None while a source has yet to speak. Once all sources released the site, the greatest
        time that one of them reached.
        """
        known = self.table.get(site.encode())
        if known is None or not _all_have_spoken(known.watermarks):
            return None
        counting = list(_counting(known.watermarks))
        if not counting:
            return max(said.at_us for said in known.watermarks)
        return min(said.at_us for said in counting)

    def ended(self, site: str) -> bool:
        """All sources released the site: nothing is to come, until one speaks again."""
        known = self.table.get(site.encode())
        if known is None or not _all_have_spoken(known.watermarks):
            return False
        return all(said.released for said in known.watermarks)


def _counting(said: Iterable[SourceTime]) -> Iterator[SourceTime]:
    """Those that neither released the site nor fell silent while others went on."""
    active = [one for one in said if not one.released]
    newest_us = max((one.appended_us for one in active), default=0)
    return (one for one in active if one.appended_us >= newest_us - SILENT_US_MAX)


def _all_have_spoken(said: Iterable[SourceTime]) -> bool:
    """Of each kind ("packets", "mirror") as many sources as it says there are."""
    heard: dict[str, int] = {}
    there_are: dict[str, int] = {}
    for one in said:
        kind = one.source.partition("/")[0]
        heard[kind] = heard.get(kind, 0) + 1
        there_are[kind] = max(there_are.get(kind, 0), one.sources)
    return all(heard[kind] >= number for kind, number in there_are.items())
