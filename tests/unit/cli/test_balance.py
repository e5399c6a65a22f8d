"""The ledger: deltas add up, and what is lost without a cause shows."""

from dataclasses import replace

from schemas.types import Amount, LedgerEntry
from services.cli.balance import Balances


def entry(*, entered: int, left: int, dropped: int = 0, held: int = 0) -> LedgerEntry:
    def amount(size: int) -> Amount:
        return Amount(packets=1, bytes=size)

    return LedgerEntry(
        id="1", at_us=0, site="s", layer="reassembly", source="packets/0",
        entered=amount(entered), left=amount(left), dropped={"duplicate": amount(dropped)},
        held=amount(held), missing={"gap": amount(7)}, parts={"head": amount(left)},
    )  # fmt: skip


def test_deltas_add_up_and_missing_stands_outside() -> None:
    balances = Balances()
    balances.add(entry(entered=100, left=60, dropped=10, held=30))
    balances.add(entry(entered=50, left=80, held=-30))
    (form,) = balances.forms()
    assert form["in"] == {"packets": 2, "bytes": 150}
    assert form["dropped"] == {"duplicate": {"packets": 2, "bytes": 10}}
    assert form["missing"] == {"gap": {"packets": 2, "bytes": 14}}
    assert form["held"]["bytes"] == 0
    assert form["residual"] == 0


def test_what_an_agent_tells_again_counts_once() -> None:
    balances = Balances()
    for ident in ("1", "2", "1"):
        balances.add(replace(entry(entered=100, left=100), id=ident, layer="packing"))
    (form,) = balances.forms()
    assert form["in"] == {"packets": 2, "bytes": 200}


def test_what_is_nowhere_is_the_residual() -> None:
    balances = Balances()
    balances.add(entry(entered=100, left=60))
    (form,) = balances.forms()
    assert form["residual"] == 40
