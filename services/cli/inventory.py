"""The inventory as people ask for it: the last word on each operation, in order."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from schemas.codec import UndecodableError, decode_as
from schemas.types import Endpoint
from services.cli.output import say

if TYPE_CHECKING:
    from confluent_kafka import Message

COLUMNS = ("host", "method", "path", "protocol", "auth", "sensitive", "statuses", "requests#", "")


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


def row(endpoint: Endpoint) -> tuple[object, ...]:
    """One line of the table with COLUMNS."""
    return (
        endpoint.host, endpoint.method, endpoint.template, endpoint.protocol,
        ", ".join(f"{use.kind} {use.coverage:.0%}" for use in endpoint.auth),
        ", ".join(endpoint.sensitive), statuses(endpoint), endpoint.count,
        "" if endpoint.admitted else "not admitted",
    )  # fmt: skip


def statuses(endpoint: Endpoint) -> str:
    """The response codes seen."""
    return " ".join(str(status) for status in sorted({r.status for r in endpoint.responses}))
