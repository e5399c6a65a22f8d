"""Detection over one partition of `exchanges`.

In:     Exchange and Watermark records; PolicyEntry records as broadcasts.
Out:    Finding on `findings`.
Keeps:  open findings (with the count that was told last), closed ones whose id may come again,
        and the sites' watermarks.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

from schemas.codec import decode_as, encode
from schemas.types import Finding, PolicyEntry, Watermark
from services.detect import findings
from services.detect.exclusions import Exclusions
from services.detect.scoring import Verdict
from services.detect.settings import Settings
from services.detect.verdict import Inspector, nothing_excluded
from services.detect.view import ExchangeView, RequestView
from services.runtime import table
from services.runtime.closed_findings import ClosedFindings
from services.runtime.core import Changes, Event, Output, Rejected, Row
from services.runtime.dispatch import dispatch
from services.runtime.masking import Masker
from services.runtime.table import Table
from services.runtime.watermarks import Watermarks

# Groups under attack at one time, in one partition; some 3 KiB each.
OPEN_MAX = 20_000
# Open findings are looked over when the site's watermark enters another span of this length:
# each source of a site tells its own every second.
SWEEP_US = 10_000_000

Reader = Callable[[bytes], ExchangeView]


class DetectCore:
    """See services/runtime/core.py."""

    def __init__(
        self, settings: Settings, masker: Masker, read: Reader, inspector: Inspector
    ) -> None:
        self._settings = settings
        self._masker = masker
        self._read = read
        self._inspector = inspector
        self._exclusions = Exclusions()
        self._policy_offset = -1
        self._watermarks = Watermarks()
        # `open`: as it stands; `told`: as people know it. Both are needed to say when to tell.
        self._open = _findings("open")
        self._told = _findings("told")
        self._closed = ClosedFindings(findings.BUCKET_US)
        self._tables: tuple[Table[Any], ...] = (
            self._open, self._told, self._closed.table, self._watermarks.table,
        )  # fmt: skip
        # The groups of a site, so that one site's watermark looks at its own only.
        self._groups: dict[str, dict[bytes, int]] = {}
        self._changes = Changes()
        self._counts: Counter[str] = Counter()

    def restore(self, rows: Iterable[Row]) -> None:
        """See Core."""
        table.restore(rows, *self._tables)
        for key, finding in self._open.items():
            self._groups.setdefault(finding.site, {})[key] = finding.at_us

    def learn(self, event: Event) -> None:
        """See Core. An entry that cannot be read changes nothing and is rejected."""
        try:
            if event.value is not None:
                self._exclusions.learn(decode_as(PolicyEntry, event.value))
        except ValueError as error:
            self._changes.rejected.append(Rejected(event, str(error)))
        self._policy_offset = event.offset

    def feed(self, events: Sequence[Event]) -> None:
        """See Core."""
        self._changes.rejected += dispatch(events, self._read, self._exchange, self._mark)

    def take(self) -> Changes:
        """See Core."""
        changes, self._changes = self._changes, Changes()
        for kept in self._tables:
            changes.rows += kept.take()
        changes.counts.update(self._counts + self._watermarks.counts())
        self._counts.clear()
        return changes

    def _exchange(self, exchange: ExchangeView, _record: bytes) -> None:
        request = exchange.request
        if request is None or exchange.revision > 0:
            # An answer, or a request that was looked at when it came without its answer.
            return
        path = request.target.partition(b"?")[0].decode("latin-1")
        excluded = self._exclusions.test(exchange, path) or nothing_excluded
        if exchange.part is None:
            verdict = self._inspector.inspect(request, excluded)
            self._counts["requests"] += 1
        else:
            # Its request was looked at with the exchange that it goes on behind.
            verdict = self._inspector.inspect_messages(exchange.messages, excluded)
            self._counts["parts"] += 1
        for class_ in verdict.scores:
            self._hit(class_, exchange, request, verdict)
        if verdict.overlimit:
            self._hit(findings.OVERLIMIT, exchange, request, verdict)

    def _hit(
        self, class_: str, exchange: ExchangeView, request: RequestView, verdict: Verdict
    ) -> None:
        self._counts[f"hits_{class_}"] += 1
        key = findings.group(exchange, request, class_).encode()
        before, told = self._open.get(key), self._told.get(key)
        if before is None or told is None:
            finding = findings.opened(class_, exchange, verdict, self._settings, self._masker)
            closed = self._closed.reopened(finding.id)
            finding = findings.reopened(finding, closed) if closed else finding
            self._tell(key, replace(finding, policy_offset=self._policy_offset))
            return
        after = findings.went_on(before, exchange, verdict, self._settings, self._masker)
        if findings.worth_telling(after, told, self._settings):
            number = before.revision + 1
            offset = self._policy_offset
            self._tell(key, replace(after, revision=number, state="updated", policy_offset=offset))
        else:
            self._keep(key, after)

    def _tell(self, key: bytes, finding: Finding) -> None:
        self._keep(key, finding)
        # Only what decides on telling again: the evidence is in the other row.
        self._told.put(key, replace(finding, evidence=(), summary="", advice=""))
        self._say(finding)

    def _keep(self, key: bytes, finding: Finding) -> None:
        self._groups.setdefault(finding.site, {})[key] = finding.at_us
        gone = self._open.put(key, finding)
        if gone:
            self._counts["findings_given_way"] += 1
            self._close(*gone)

    def _mark(self, mark: Watermark, appended_us: int) -> None:
        before_us = self._watermarks.at(mark.site)
        self._watermarks.hear(mark, appended_us)
        watermark_us = self._watermarks.at(mark.site)
        if watermark_us is None:
            return
        ended = self._watermarks.ended(mark.site)
        if ended or before_us is None or before_us // SWEEP_US != watermark_us // SWEEP_US:
            self._sweep(mark.site, watermark_us, ended=ended)

    def _sweep(self, site: str, watermark_us: int, *, ended: bool) -> None:
        quiet_us = watermark_us - self._settings.quiet_s * findings.US
        groups = self._groups.get(site, {})
        for key in sorted(key for key, at_us in groups.items() if ended or at_us < quiet_us):
            finding = self._open.get(key)
            assert finding is not None, "every group has its open finding"
            self._close(key, finding)
        self._closed.forget(site, watermark_us)

    def _close(self, key: bytes, finding: Finding) -> None:
        self._open.delete(key)
        self._told.delete(key)
        groups = self._groups[finding.site]
        groups.pop(key, None)
        if not groups:
            del self._groups[finding.site]
        closed = findings.closed(finding)
        self._closed.remember(closed, self._watermarks.at(finding.site))
        self._say(closed)

    def _say(self, finding: Finding) -> None:
        key = f"{finding.site}/{finding.subject}".encode()
        self._changes.outputs.append(Output("findings", key, encode(finding)))
        self._counts[f"findings_{finding.state}"] += 1


def _findings(name: str) -> Table[Finding]:
    # Twice what may be open: the rows of `told` never give way before those of `open`.
    rows_max = OPEN_MAX if name == "open" else 2 * OPEN_MAX
    return Table(name, encode, lambda row: decode_as(Finding, row), rows_max=rows_max)
