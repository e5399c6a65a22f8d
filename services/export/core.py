"""The cores of export: a record in, an event out; no state.

An event depends on its record alone, so the transaction around it is all that exactly-once
needs. Both records of an exchange go out, as they come: a SIEM joins them by correlation_uid.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from sidetap_native import Exchange

from schemas.codec import decode_as, name_of
from schemas.types import Finding
from services.export.ocsf_finding import finding_event
from services.export.ocsf_http import exchange_event
from services.runtime.core import Changes, Event, Output, Rejected, Row
from services.runtime.exchanges import read_exchange
from services.runtime.masking import Masker

TOPIC = "siem.ocsf"

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Translation(Generic[T]):
    """How one kind of record becomes an event.

    `read` raises ValueError, in one sentence, on bytes that are no such record, and gives None
    for one that is no event.
    """

    read: Callable[[bytes], T | None]
    key: Callable[[T], str]
    write: Callable[[T], bytes]


class Export(Generic[T]):
    """One input partition."""

    def __init__(self, translation: Translation[T]) -> None:
        self._translation = translation
        self._changes = Changes()

    def restore(self, rows: Iterable[Row]) -> None:
        assert not list(rows), "export keeps nothing"

    def learn(self, event: Event) -> None:
        raise AssertionError(f"export reads no broadcast topic, but was given {event.topic}")

    def feed(self, events: Sequence[Event]) -> None:
        for event in events:
            self._one(event)

    def take(self) -> Changes:
        taken, self._changes = self._changes, Changes()
        return taken

    def _one(self, event: Event) -> None:
        if event.value is None:
            self._changes.rejected.append(Rejected(event, "a record without a value"))
            return
        try:
            record = self._translation.read(event.value)
        except ValueError as error:
            self._changes.rejected.append(Rejected(event, str(error)))
            return
        if record is not None:
            key = self._translation.key(record).encode()
            self._changes.outputs.append(Output(TOPIC, key, self._translation.write(record)))


FINDINGS: Translation[Finding] = Translation(
    read=lambda value: decode_as(Finding, value),
    key=lambda finding: finding.id,
    write=finding_event,
)


def exchanges(masker: Masker) -> Translation[Exchange]:
    """Exchange records; the watermarks between them are no events."""
    return Translation(
        read=lambda value: None if name_of(value) == "Watermark" else read_exchange(value),
        key=lambda exchange: exchange.id,
        write=lambda exchange: exchange_event(exchange, masker),
    )
