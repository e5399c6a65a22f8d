"""Vulnerabilities of one partition of `weaknesses`: opened, told again, closed when they stop.

In:     partial findings from every partition of `exchanges`; Watermarks that these pass on.
Out:    Finding on `findings`, told at beats of packet time.
Keeps:  open findings, what was told of them last, closed ones whose id may come again, watermarks.

Adding is commutative and a revision's number follows from what it sums up, so what is told in the
end is the same in whatever order and batches the parts came.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from schemas.codec import UndecodableError, decode_as, encode, name_of
from schemas.types import Finding, Watermark
from services.detect import vulnerability
from services.detect.settings import Settings
from services.detect.vulnerability import GRADES, US, added, numbered
from services.runtime import table
from services.runtime.closed_findings import ClosedFindings
from services.runtime.core import Changes, Event, Output, Row
from services.runtime.dispatch import one_by_one
from services.runtime.table import Table
from services.runtime.watermarks import Watermarks

# Issues open at one time, in one partition; some 3 KiB each. The one longest unseen gives way.
OPEN_MAX = 20_000
# What changed is told when the site's watermark enters another span of this length.
BEAT_US = 10 * US
# What did not double is told again after so long.
AGAIN_US = 3_600 * US


class VulnerabilitiesCore:
    """See services/runtime/core.py."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._watermarks = Watermarks()
        self._open = _findings("open", OPEN_MAX)
        self._told = _findings("told", 2 * OPEN_MAX)
        self._closed = ClosedFindings(vulnerability.BUCKET_US)
        self._tables: tuple[Table[Any], ...] = (
            self._open, self._told, self._closed.table, self._watermarks.table,
        )  # fmt: skip
        # By site, what stands otherwise than it was told.
        self._untold: dict[str, dict[bytes, None]] = {}
        self._changes = Changes()
        self._counts: Counter[str] = Counter()

    def restore(self, rows: Iterable[Row]) -> None:
        """See Core."""
        table.restore(rows, *self._tables)
        told = {key: finding.count for key, finding in self._told.items()}
        for key, finding in self._open.items():
            if told.get(key) != finding.count:
                self._untold.setdefault(finding.site, {})[key] = None

    def learn(self, event: Event) -> None:
        """See Core: what people exclude never gets here."""

    def feed(self, events: Sequence[Event]) -> None:
        """See Core."""
        self._changes.rejected += one_by_one(events, self._event)

    def take(self) -> Changes:
        """See Core."""
        changes, self._changes = self._changes, Changes()
        for kept in self._tables:
            changes.rows += kept.take()
        changes.counts.update(self._counts)
        self._counts.clear()
        return changes

    def _event(self, event: Event) -> None:
        if event.value is None:
            raise UndecodableError("a record without a value")
        name = name_of(event.value)
        if name == "Finding":
            self._add(decode_as(Finding, event.value))
        elif name == "Watermark":
            self._mark(decode_as(Watermark, event.value), event.appended_us)
        else:
            raise UndecodableError(f"expected Finding or Watermark, found {name}")

    def _add(self, part: Finding) -> None:
        key = f"{part.site}/{part.subject}".encode()
        known = self._open.get(key)
        if known is None:
            closed = self._closed.reopened(part.id)
            finding = part
            if closed:
                opened_us = min(part.opened_us, closed.opened_us)
                finding = replace(part, count=part.count + closed.count, opened_us=opened_us)
        else:
            finding = added(known, part)
        self._untold.setdefault(part.site, {})[key] = None
        gone = self._open.put(key, finding)
        if gone:
            self._counts["vulnerabilities_given_way"] += 1
            self._close(*gone)

    def _mark(self, mark: Watermark, appended_us: int) -> None:
        before_us = self._watermarks.at(mark.site)
        self._watermarks.hear(mark, appended_us)
        now_us = self._watermarks.at(mark.site)
        if now_us is None:
            return
        ended = self._watermarks.ended(mark.site)
        if ended or before_us is None or before_us // BEAT_US != now_us // BEAT_US:
            self._beat(mark.site, now_us, ended=ended)

    def _beat(self, site: str, now_us: int, *, ended: bool) -> None:
        for key in sorted(self._untold.pop(site, {})):
            finding, told = self._open.get(key), self._told.get(key)
            if finding is None:
                continue
            if told is None or worth_telling(finding, told):
                self._tell(key, numbered(finding, closed=False))
            elif finding.count != told.count:
                self._untold.setdefault(site, {})[key] = None
        quiet_us = now_us - self._settings.vulnerability_quiet_s * US
        old = list(self._open.expired(site, lambda one: ended or one.at_us < quiet_us))
        for key, finding in sorted(old):
            self._close(key, finding)
        self._closed.forget(site, now_us)

    def _tell(self, key: bytes, finding: Finding) -> None:
        self._told.put(key, replace(finding, evidence=(), summary="", advice=""))
        self._say(finding)

    def _close(self, key: bytes, finding: Finding) -> None:
        self._open.delete(key)
        self._told.delete(key)
        self._untold.get(finding.site, {}).pop(key, None)
        closed = numbered(finding, closed=True)
        self._closed.remember(closed, self._watermarks.at(finding.site))
        self._say(closed)

    def _say(self, finding: Finding) -> None:
        key = f"{finding.site}/{finding.subject}".encode()
        self._changes.outputs.append(Output("findings", key, encode(finding)))
        self._counts[f"vulnerabilities_{finding.state}"] += 1


def worth_telling(finding: Finding, told: Finding) -> bool:
    """Doubled, surer, or a while ago."""
    return (
        finding.count >= 2 * told.count
        or GRADES.index(finding.grade) > GRADES.index(told.grade)
        or (finding.count > told.count and finding.at_us >= told.at_us + AGAIN_US)
    )


def _findings(name: str, rows_max: int) -> Table[Finding]:
    return Table(
        name, encode, lambda row: decode_as(Finding, row), rows_max=rows_max,
        site=lambda finding: finding.site,
    )  # fmt: skip
