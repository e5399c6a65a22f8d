"""Packets to exchanges: the native core, dressed for the worker.

In:     PacketBlock records of one `packets` partition; TLS secrets, broadcast on `keys`.
Out:    Exchange records by client, watermarks to every `exchanges` partition, ledger entries,
        records of flows that stay encrypted.
Keeps:  the native core's rows: flows, pieces of messages under way, agents.
"""

from collections.abc import Iterable, Mapping, Sequence

from sidetap_native import Reassembler

from schemas.codec import UndecodableError, decode_as, encode, renewed
from schemas.types import Amount, LedgerEntry, TlsSecret
from services.reassembly.exchanges import Exchanges, LeftOut
from services.runtime.core import EVERY, Changes, Event, Output, Rejected, Row

EXCHANGES = "exchanges"
LEDGER = "ledger"
ENCRYPTED = "encrypted"
NOTHING = Amount(packets=0, bytes=0)


class ReassemblyCore:
    """One partition. `source` names it in watermarks and in the ledger: "packets/3"."""

    def __init__(
        self, source: str, rules: Exchanges, limits: Mapping[str, int], *, tls_keys: bool = False
    ) -> None:
        self._source = source
        self._rules = rules
        self._native = Reassembler(source, limits=limits)
        if tls_keys:
            self._native.expect_keys()
        self._rejected: list[Rejected] = []
        self._offset = 0

    def restore(self, rows: Iterable[Row]) -> None:
        """Take over state rows."""
        self._native.restore([(row.key, row.value) for row in rows if row.value is not None])

    def learn(self, event: Event) -> None:
        """A secret of a TLS session. From the first on, encrypted bytes wait for theirs."""
        if event.value is None:
            return
        try:
            given = decode_as(TlsSecret, event.value)
        except UndecodableError as error:
            self._rejected.append(Rejected(event, str(error)))
            return
        self._native.expect_keys()
        self._native.learn(given.client_random, given.label, given.secret)

    def feed(self, events: Sequence[Event]) -> None:
        """Work through blocks in order."""
        refused = self._native.feed([_today(event.value or b"") for event in events])
        self._rejected += [Rejected(events[index], reason) for index, reason in refused]
        if events:
            self._offset = events[-1].offset

    def take(self) -> Changes:
        """What changed since the last call."""
        batch = self._native.take()
        changes = Changes(
            rows=[Row(key, value) for key, value in batch.rows],
            rejected=self._rejected,
            counts=dict(batch.counts),
        )
        self._rejected = []
        key = self._source.encode()
        changes.outputs = self._outputs(batch.outputs, changes.counts)
        changes.outputs += [Output(LEDGER, key, record) for record in batch.ledger]
        changes.outputs += [Output(ENCRYPTED, key, record) for key, record in batch.encrypted]
        return changes

    def _outputs(
        self, records: Sequence[tuple[bytes | None, bytes]], counts: dict[str, int]
    ) -> list[Output]:
        if not self._rules:
            return [
                Output(EXCHANGES, key, record, EVERY if key is None else None)
                for key, record in records
            ]
        outputs, left_out = [], []
        for key, record in records:
            if key is None:
                outputs.append(Output(EXCHANGES, None, record, EVERY))
                continue
            judged = self._rules.judge(key, record)
            if isinstance(judged, LeftOut):
                left_out.append(judged)
                name = f"filtered:{judged.rule}"
                counts[name] = counts.get(name, 0) + 1
            else:
                outputs.append(Output(EXCHANGES, judged.key, judged.record))
        return outputs + self._ledger(left_out)

    def _ledger(self, left_out: Sequence[LeftOut]) -> list[Output]:
        """What filters left out: the native entry says that it left, these take it back."""
        by_site: dict[str, list[LeftOut]] = {}
        for each in left_out:
            by_site.setdefault(each.site, []).append(each)
        key = self._source.encode()
        return [
            Output(LEDGER, key, encode(self._entry(site, group))) for site, group in by_site.items()
        ]

    def _entry(self, site: str, group: Sequence[LeftOut]) -> LedgerEntry:
        dropped: dict[str, Amount] = {}
        for each in group:
            cause = f"filtered:{each.rule}"
            dropped[cause] = _sum((dropped.get(cause, NOTHING), each.amount))
        total = _sum(dropped.values())
        return LedgerEntry(
            id=f"exchanges/{self._source}/{self._offset}/filtered/{site}",
            at_us=max(each.at_us for each in group),
            site=site,
            layer="exchanges",
            source=self._source,
            entered=NOTHING,
            left=Amount(packets=-total.packets, bytes=-total.bytes),
            dropped=dropped,
            held=NOTHING,
            missing={},
            parts={},
        )


def _today(block: bytes) -> bytes:
    """A block of an older agent as the native core reads it; it says itself why it refuses one."""
    try:
        return renewed("PacketBlock", block)
    except UndecodableError:
        return block


def _sum(amounts: Iterable[Amount]) -> Amount:
    listed = list(amounts)
    return Amount(packets=sum(a.packets for a in listed), bytes=sum(a.bytes for a in listed))
