"""Detection over one partition of `exchanges`.

In:     Exchange and Watermark records; PolicyEntry records as broadcasts.
Out:    Finding on `findings`; on `weaknesses` what answers prove, in parts, and packet time.
Keeps:  open findings (with the count that was told last), closed ones whose id may come again,
        and the sites' watermarks.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

from schemas.codec import decode_as, encode
from schemas.types import Finding, PolicyEntry, Watermark
from services.detect import findings, partials
from services.detect.exclusions import Exclusions
from services.detect.models import Models
from services.detect.own_rules import OwnRules
from services.detect.partials import Partials
from services.detect.responses.answered import answered
from services.detect.responses.reading import Reading
from services.detect.responses.rules import Proof
from services.detect.scoring import Verdict
from services.detect.settings import Settings
from services.detect.smuggling import of_the_request
from services.detect.verdict import Excluded, Inspector, Signals, decide, nothing_excluded
from services.detect.view import ExchangeView, RequestView
from services.runtime import table
from services.runtime.closed_findings import ClosedFindings
from services.runtime.core import EVERY, Changes, Event, Output, Rejected, Row
from services.runtime.dispatch import dispatch
from services.runtime.lists import Lists
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
        self,
        settings: Settings,
        masker: Masker,
        read: Reader,
        inspector: Inspector,
        *,
        partition: int = 0,
        models: Models | None = None,
    ) -> None:
        self._settings = settings
        self._masker = masker
        self._read = read
        self._inspector = inspector
        self._reading = Reading()
        self._partials = Partials(masker)
        # What packet time is passed on behind the parts that it speaks of.
        self._source = f"detect/{partition}/pulse"
        self._marks: dict[str, Watermark] = {}
        self._exclusions = Exclusions()
        self._models = models or Models()
        self._own_rules = OwnRules()
        self._lists = Lists()
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
                entry = decode_as(PolicyEntry, event.value)
                self._exclusions.learn(entry)
                self._models.learn(entry)
                self._own_rules.learn(entry)
                self._lists.learn(entry)
        except ValueError as error:
            self._changes.rejected.append(Rejected(event, str(error)))
        self._policy_offset = event.offset

    def feed(self, events: Sequence[Event]) -> None:
        """See Core."""
        self._changes.rejected += dispatch(events, self._read, self._exchange, self._mark)

    def take(self) -> Changes:
        """See Core."""
        changes, self._changes = self._changes, Changes()
        changes.outputs += self._partials.take()
        for mark in self._marks.values():
            changes.outputs.append(Output(partials.TOPIC, None, encode(mark), EVERY))
        self._marks.clear()
        for kept in self._tables:
            changes.rows += kept.take()
        changes.counts.update(self._counts + self._watermarks.counts())
        self._counts.clear()
        return changes

    def _exchange(self, exchange: ExchangeView, _record: bytes) -> None:
        request = exchange.request
        if request is None:  # an answer by itself
            return
        path = request.target.partition(b"?")[0].decode("latin-1")
        excluded = self._exclusions.test(exchange, path) or nothing_excluded
        if exchange.part is not None:
            self._part(exchange, request, excluded)
            return
        read = self._inspector.read(request, of_the_request(exchange))
        read = self._own_rules.added(exchange, request, path, read)
        verdict = self._decided(read, excluded)
        proofs = self._proofs(exchange, verdict, excluded)
        if exchange.revision > 0:
            # The request was looked at when it came without its answer.
            for class_ in verdict.scores:
                self._answered(class_, exchange, request, proofs)
            return
        self._counts["requests"] += 1
        self._hits(exchange, request, verdict, proofs)

    def _part(self, exchange: ExchangeView, request: RequestView, excluded: Excluded) -> None:
        """Its request was looked at with the exchange that it goes on behind."""
        if exchange.revision > 0:
            return
        verdict = self._decided(self._inspector.read_messages(exchange.messages), excluded)
        self._counts["parts"] += 1
        self._hits(exchange, request, verdict, ())

    def _decided(self, read: Signals, excluded: Excluded) -> Verdict:
        """The active model's verdict; where a shadow stands beside it, what that would change."""
        verdict = decide(read, excluded, self._models.active)
        if self._models.shadowed:
            would = decide(read, excluded, self._models.shadow).scores.keys()
            for class_ in would - verdict.scores.keys():
                self._counts[f"shadow_gained_{class_}"] += 1
            for class_ in verdict.scores.keys() - would:
                self._counts[f"shadow_lost_{class_}"] += 1
            self._counts["shadow_requests"] += 1
        return verdict

    def _hits(
        self,
        exchange: ExchangeView,
        request: RequestView,
        verdict: Verdict,
        proofs: Sequence[Proof],
    ) -> None:
        for class_ in verdict.scores:
            self._hit(class_, exchange, request, verdict, proofs)
        if verdict.overlimit:
            self._hit(findings.OVERLIMIT, exchange, request, verdict, ())

    def _proofs(
        self, exchange: ExchangeView, verdict: Verdict, excluded: Excluded
    ) -> Sequence[Proof]:
        """What the answer proves, once it is there whole."""
        if exchange.response is None or not exchange.response_final:
            return ()
        found = self._reading.proofs(exchange, verdict)
        proofs = [proof for proof in found if not excluded(proof.signal)]
        for proof in proofs:
            self._counts[f"proofs_{proof.weakness.class_}"] += 1
            self._partials.add(exchange, proof, self._policy_offset)
        return proofs

    def _hit(
        self,
        class_: str,
        exchange: ExchangeView,
        request: RequestView,
        verdict: Verdict,
        proofs: Sequence[Proof],
    ) -> None:
        self._counts[f"hits_{class_}"] += 1
        key = findings.group(exchange, request, class_).encode()
        before, told = self._open.get(key), self._told.get(key)
        proof = next((proof for proof in proofs if proof.attack == class_), None)
        if before is None or told is None:
            finding = findings.opened(class_, exchange, verdict, self._settings, self._masker)
            finding = answered(finding, exchange, proof, self._masker)
            closed = self._closed.reopened(finding.id)
            finding = findings.reopened(finding, closed) if closed else finding
            self._tell(key, replace(finding, policy_offset=self._policy_offset))
            return
        after = findings.went_on(before, exchange, verdict, self._settings, self._masker)
        after = answered(after, exchange, proof, self._masker)
        self._go_on(key, before, told, after)

    def _answered(
        self, class_: str, exchange: ExchangeView, request: RequestView, proofs: Sequence[Proof]
    ) -> None:
        """The answer came in a later record than the request that opened the finding."""
        key = findings.group(exchange, request, class_).encode()
        before, told = self._open.get(key), self._told.get(key)
        proof = next((proof for proof in proofs if proof.attack == class_), None)
        if before is not None and told is not None and proof is not None:
            self._go_on(key, before, told, answered(before, exchange, proof, self._masker))

    def _go_on(self, key: bytes, before: Finding, told: Finding, after: Finding) -> None:
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
            self._marks[mark.site] = Watermark(
                source=self._source, sources=1, site=mark.site, at_us=watermark_us, released=ended
            )
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
        self._changes.outputs.append(Output("findings", key, encode(self._lists.gated(finding))))
        self._counts[f"findings_{finding.state}"] += 1


def _findings(name: str) -> Table[Finding]:
    # Twice what may be open: the rows of `told` never give way before those of `open`.
    rows_max = OPEN_MAX if name == "open" else 2 * OPEN_MAX
    return Table(name, encode, lambda row: decode_as(Finding, row), rows_max=rows_max)
