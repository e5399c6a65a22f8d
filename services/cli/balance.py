"""Ledger deltas added up per layer and source, with what does not add up beside them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from schemas.types import Amount, LedgerEntry

Json = dict[str, Any]
NOTHING = Amount(packets=0, bytes=0)


@dataclass(slots=True)
class Balance:
    """The sum of all entries of one layer, source and site."""

    entered: Amount = NOTHING
    left: Amount = NOTHING
    held: Amount = NOTHING
    dropped: dict[str, Amount] = field(default_factory=dict)
    missing: dict[str, Amount] = field(default_factory=dict)
    parts: dict[str, Amount] = field(default_factory=dict)

    def add(self, entry: LedgerEntry) -> None:
        """Take in one delta."""
        self.entered = _sum(self.entered, entry.entered)
        self.left = _sum(self.left, entry.left)
        self.held = _sum(self.held, entry.held)
        _merge(self.dropped, entry.dropped)
        _merge(self.missing, entry.missing)
        _merge(self.parts, entry.parts)

    @property
    def residual(self) -> int:
        """Bytes that came in and are nowhere: in − out − dropped − held. 0 is right."""
        gone = sum(amount.bytes for amount in self.dropped.values())
        return self.entered.bytes - self.left.bytes - gone - self.held.bytes


Key = tuple[str, str, str]
# Agents tell at least once: what the outbox, the spool or a second run tells again has its id.
TOLD_AGAIN = ("capture", "packing")


class Balances:
    """Balances by (layer, source, site), in order of first sight."""

    def __init__(self) -> None:
        self._by_key: dict[Key, Balance] = {}
        # Hashes of ids: two a second of each agent.
        self._heard: set[int] = set()

    def add(self, entry: LedgerEntry) -> None:
        """Take in one delta, once."""
        if entry.layer in TOLD_AGAIN:
            name = hash((entry.layer, entry.id))
            if name in self._heard:
                return
            self._heard.add(name)
        key = (entry.layer, entry.source, entry.site)
        self._by_key.setdefault(key, Balance()).add(entry)

    def items(self) -> Iterable[tuple[Key, Balance]]:
        """Every balance with its (layer, source, site)."""
        return self._by_key.items()

    def forms(self) -> Iterable[Json]:
        """One JSON object a balance."""
        return (ledger_form(key, balance) for key, balance in self.items())


def ledger_form(key: Key, balance: Balance) -> Json:
    """One balance as JSON."""
    layer, source, site = key
    return {
        "kind": "ledger",
        "layer": layer,
        "source": source,
        "in": _amount(balance.entered),
        "out": _amount(balance.left),
        "dropped": _amounts(balance.dropped),
        "held": _amount(balance.held),
        "missing": _amounts(balance.missing),
        "residual": balance.residual,
        "parts": _amounts(balance.parts),
        "site": site,
    }


def _sum(a: Amount, b: Amount) -> Amount:
    return Amount(packets=a.packets + b.packets, bytes=a.bytes + b.bytes)


def _merge(into: dict[str, Amount], more: Mapping[str, Amount]) -> None:
    for cause, amount in more.items():
        into[cause] = _sum(into.get(cause, NOTHING), amount)


def _amount(amount: Amount) -> Json:
    return {"packets": amount.packets, "bytes": amount.bytes}


def _amounts(by_cause: Mapping[str, Amount]) -> Json:
    return {cause: _amount(amount) for cause, amount in by_cause.items()}


COLUMNS = ("layer", "source", "in#", "out#", "dropped", "held#", "missing", "residual#")


def rows(balances: Balances) -> Iterable[tuple[object, ...]]:
    """The table with COLUMNS, in bytes."""
    for (layer, source, _site), balance in balances.items():
        yield (
            layer, source, balance.entered.bytes, balance.left.bytes, _causes(balance.dropped),
            balance.held.bytes, _causes(balance.missing), balance.residual,
        )  # fmt: skip


def _causes(by_cause: Mapping[str, Amount]) -> str:
    named = [f"{cause} {amount.bytes}" for cause, amount in by_cause.items()]
    return ", ".join(named)


LAYER_COLUMNS = ("layer", "in#", "out#", "dropped#", "held#", "missing#", "residual#")


def layer_rows(balances: Balances) -> Iterable[tuple[object, ...]]:
    """The table with LAYER_COLUMNS: bytes of all sources together."""
    by_layer: dict[str, list[int]] = {}
    for (layer, _source, _site), one in balances.items():
        gone = sum(amount.bytes for amount in one.dropped.values())
        lost = sum(amount.bytes for amount in one.missing.values())
        figures = (one.entered.bytes, one.left.bytes, gone, one.held.bytes, lost, one.residual)
        sums = by_layer.setdefault(layer, [0] * len(figures))
        by_layer[layer] = [a + b for a, b in zip(sums, figures, strict=True)]
    return [(layer, *sums) for layer, sums in by_layer.items()]
