"""What `sidetap up` has found so far, read from the topics as everybody else reads them.

In:     records of findings, endpoints and ledger.
Out:    tables, and a line for each new finding.
Keeps:  last revisions, the inventory, balances.
"""

import sys
from collections import Counter
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from schemas.codec import UndecodableError, decode
from schemas.types import Endpoint, Finding, LedgerEntry
from services.cli import balance, found, inventory
from services.cli.output import table
from services.cli.safe_text import shown

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

TOPICS = ("findings", "endpoints", "ledger")
LATEST_ROWS = 8
ENDPOINT_ROWS = 20
# An inventory of more is read with `sidetap endpoints`, not in a live table.
ENDPOINTS_MAX = 10_000


class Board:
    """Everything seen since `up` began."""

    def __init__(self) -> None:
        self.findings = found.Latest()
        self.balances = balance.Balances()
        self._endpoints: dict[bytes, Endpoint] = {}

    def take(self, key: bytes | None, value: bytes | None) -> str | None:
        """Take in one record of TOPICS; a line for people when it opens a finding."""
        if value is None:
            self._endpoints.pop(key or b"", None)
            return None
        try:
            record: Any = decode(value)
        except UndecodableError:
            return None  # Its writer's dead letters and the workers tell of it.
        if isinstance(record, LedgerEntry):
            self.balances.add(record)
        elif isinstance(record, Endpoint) and len(self._endpoints) < ENDPOINTS_MAX:
            self._endpoints[key or b""] = record
        elif isinstance(record, Finding):
            new = self.findings.get(record.id) is None
            self.findings.add(record)
            return _told(record) if new else None
        return None

    @property
    def endpoints(self) -> list[Endpoint]:
        """Operations, in order."""
        return inventory.in_order(self._endpoints.values())

    def classes(self) -> "RenderableType":
        """Findings by class."""
        everything = self.findings.all()
        counts = Counter((f.class_, f.kind) for f in everything)
        times: Counter[tuple[str, str]] = Counter()
        worst: dict[tuple[str, str], str] = {}
        for finding in everything:
            place = (finding.class_, finding.kind)
            times[place] += finding.count
            worst[place] = max(
                worst.get(place, "info"), finding.severity, key=found.SEVERITIES.index
            )
        rows = [(c, k, worst[c, k], n, times[c, k]) for (c, k), n in counts.most_common()]
        columns = ("class", "kind", "worst", "findings#", "exchanges#")
        return table(f"{len(everything)} findings", columns, rows)

    def latest(self) -> "RenderableType":
        """The last findings."""
        rows = map(found.row, self.findings.all()[-LATEST_ROWS:])
        return table("The last of them", found.COLUMNS, rows)

    def operations(self) -> "RenderableType":
        """The inventory, busiest first."""
        return inventory.table_of(self.endpoints, ENDPOINT_ROWS)

    def overview(self) -> "RenderableType":
        """All of it, for a live table."""
        from rich.console import Group

        return Group(self.classes(), self.latest(), self.ledger())

    def ledger(self) -> "RenderableType":
        """Bytes in and out, added up over sources."""
        return table("Bytes, by layer", balance.LAYER_COLUMNS, balance.layer_rows(self.balances))


def _told(finding: Finding) -> str:
    where = f"{finding.host} {finding.endpoint}".strip()
    line = f"found {finding.class_} ({finding.severity}) from {finding.client or 'many'}: {where}"
    return shown(line)


def console() -> "Console":
    """Stderr; what is no terminal gets 120 columns."""
    from rich.console import Console

    width = None if sys.stderr.isatty() else 120
    return Console(stderr=True, width=width, highlight=False, markup=False, emoji=False)


def print_to_stderr(*parts: "RenderableType") -> None:
    """Tables beside the narration."""
    to = console()
    for part in parts:
        to.print(part)


def take_all(
    board: Board, records: Iterable[tuple[bytes | None, bytes | None]], say: Callable[[str], None]
) -> None:
    """Take in records and say what they open."""
    for key, value in records:
        if line := board.take(key, value):
            say(line)
