"""The inventory as people ask for it: the last word on each operation, in order."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from schemas.codec import UndecodableError, decode_as
from schemas.types import Endpoint
from services.cli.output import say, table

if TYPE_CHECKING:
    from confluent_kafka import Message
    from rich.console import RenderableType

ROWS_MAX = 500  # More than anybody reads in a terminal; JSON lines and exports give all.
COLUMNS = ("host", "method", "path", "protocol", "auth", "sensitive", "statuses", "requests#")


def latest(messages: "Iterable[Message]") -> list[Endpoint]:
    """The last word on each operation, by host, path and method."""
    last: dict[bytes, Endpoint] = {}
    for message in messages:
        key = message.key() or b""
        value = message.value()
        if value is None:
            last.pop(key, None)
            continue
        try:
            last[key] = decode_as(Endpoint, value)
        except UndecodableError as error:
            place = f"{message.topic()}/{message.partition()} at {message.offset()}"
            say(f"sidetap: {place} is unreadable: {error}.")
    return in_order(last.values())


def in_order(known: Iterable[Endpoint]) -> list[Endpoint]:
    """Operations that still are one, by host, path and method."""
    kept = (endpoint for endpoint in known if not endpoint.removed)
    return sorted(kept, key=lambda e: (e.host, e.template, e.method, e.operation or ""))


def table_of(known: Sequence[Endpoint], rows_max: int = ROWS_MAX) -> "RenderableType":
    """A table of what is admitted, busiest first; where nothing is yet, of all that was seen."""
    admitted = [endpoint for endpoint in known if endpoint.admitted]
    busiest = sorted(admitted or known, key=lambda endpoint: -endpoint.count)[:rows_max]
    title = f"{len(admitted)} API operations"
    if len(known) > len(admitted):
        title += f", {len(known) - len(admitted)} more paths seen, too seldom or not successfully"
    return table(title, COLUMNS, map(row, busiest))


def row(endpoint: Endpoint) -> tuple[object, ...]:
    """One line of the table with COLUMNS."""
    return (
        endpoint.host, endpoint.method, called(endpoint), endpoint.protocol,
        ", ".join(f"{use.kind} {use.coverage:.0%}" for use in endpoint.auth),
        ", ".join(endpoint.sensitive), statuses(endpoint), endpoint.count,
    )  # fmt: skip


def called(endpoint: Endpoint) -> str:
    """Its path and, where the protocol has one, the name of its operation."""
    return " ".join(filter(None, (endpoint.template, endpoint.operation)))


def statuses(endpoint: Endpoint) -> str:
    """The response codes seen."""
    return " ".join(str(status) for status in sorted({r.status for r in endpoint.responses}))
