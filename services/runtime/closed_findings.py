"""Findings that closed while their id may still come again.

In:     findings as they close and open; watermarks.
Out:    for a finding that opens, the closed one that has its id.
Keeps:  one ClosedFinding per id, until the watermark is well past the id's bucket.

An id names a bucket of packet time, and a site may end (an agent restarts, a file of many is
over) or a finding give way to newer ones within it. The same client opens the same id again
then: were that revision 0, whoever keeps the highest revision would never hear of it.
"""

from schemas.codec import decode_as, encode
from schemas.types import ClosedFinding, Finding
from services.runtime.table import Table
from services.runtime.watermarks import ANSWER_US_MAX

# As many as may be open at once can close at once; 100 bytes each.
CLOSED_MAX = 20_000


class ClosedFindings:
    """Of one partition. Its rows begin with "closed/".

    `window_us`: so far back lies what may open a finding, whose id is of its first evidence.
    """

    def __init__(self, bucket_us: int, window_us: int = 0) -> None:
        self.table: Table[ClosedFinding] = Table(
            "closed",
            encode,
            lambda row: decode_as(ClosedFinding, row),
            rows_max=CLOSED_MAX,
            site=lambda row: row.site,
        )
        self._bucket_us = bucket_us
        self._window_us = window_us

    def remember(self, closed: Finding, watermark_us: int | None) -> None:
        """Take in the last revision of a finding, unless its id cannot come again."""
        row = ClosedFinding(
            site=closed.site, opened_us=closed.opened_us,
            revision=closed.revision, count=closed.count,
        )  # fmt: skip
        if watermark_us is None or not self._past(row, watermark_us):
            self.table.put(closed.id.encode(), row)

    def reopened(self, finding: str) -> ClosedFinding | None:
        """What is kept under the id of a finding that opens; it is open now and kept no more."""
        key = finding.encode()
        known = self.table.get(key)
        self.table.delete(key)
        return known

    def forget(self, site: str, watermark_us: int) -> None:
        """Let go of ids that the watermark left behind."""
        for _ in self.table.expired(site, lambda row: self._past(row, watermark_us)):
            pass

    def _past(self, row: ClosedFinding, watermark_us: int) -> bool:
        bucket_end_us = (row.opened_us // self._bucket_us + 1) * self._bucket_us
        return watermark_us >= bucket_end_us + self._window_us + ANSWER_US_MAX
