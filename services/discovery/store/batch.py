"""What a batch of records makes of the rows, whatever was there before."""

from dataclasses import dataclass, field

from schemas.codec import decode_as
from schemas.ids import digest
from schemas.types import Endpoint
from services.discovery.changes import changes
from services.discovery.settings import Settings
from services.discovery.wanted import unauthenticated

Row = dict[str, object]


@dataclass(frozen=True, slots=True)
class Told:
    """One record of the topic; `value` is None where it was taken back."""

    partition: int
    offset: int
    key: bytes
    value: bytes | None


@dataclass(slots=True)
class Batch:
    """Rows by the operation's key: the last word on each, and every change that was told.

    `settings` are those of changes, with a baseline of 0: all that came after an operation's
    first exchange is history, and whoever asks says since when.
    """

    settings: Settings
    rows: dict[str, Row] = field(default_factory=dict)
    parameters: dict[str, list[Row]] = field(default_factory=dict)
    kinds: dict[str, list[Row]] = field(default_factory=dict)
    changes: dict[tuple[str, str], Row] = field(default_factory=dict)
    taken_back: set[str] = field(default_factory=set)

    def add(self, record: Told) -> None:
        """The next record of a partition. Raises UndecodableError, and has not changed then."""
        key = digest(record.key.decode("utf-8", "surrogateescape"))
        endpoint = decode_as(Endpoint, record.value) if record.value is not None else None
        if endpoint is None or endpoint.removed:
            # Its record says no more than that: what was known of it stays.
            self.taken_back.add(key)
            if key in self.rows:
                self.rows[key]["removed"] = True
            return
        self.rows[key] = {**_columns(endpoint), "record": record.value}
        self.parameters[key] = _parameters(key, endpoint)
        self.kinds[key] = [
            {"operation_key": key, "kind": kind} for kind in sorted({*endpoint.sensitive})
        ]
        self._history(key, endpoint)

    def _history(self, key: str, endpoint: Endpoint) -> None:
        """Changes that are over and done: what lasts until now is asked of the row itself."""
        for change in changes(endpoint, -1, endpoint.last_us, self.settings):
            name = digest(str(change.at_us), change.kind, change.what)
            self.changes[key, name] = {
                "operation_key": key, "digest": name, "at_us": change.at_us,
                "kind": change.kind, "what": change.what,
            }  # fmt: skip


def _columns(endpoint: Endpoint) -> Row:
    return {
        "site": endpoint.site,
        "host": endpoint.host,
        "method": endpoint.method,
        "template": endpoint.template,
        "protocol": endpoint.protocol,
        "operation": endpoint.operation,
        "application": endpoint.application,
        "admitted": endpoint.admitted,
        "removed": False,
        "first_us": endpoint.first_us,
        "last_us": endpoint.last_us,
        "count": endpoint.count,
        "risk": endpoint.risk.score if endpoint.risk else None,
        "unauthenticated": unauthenticated(endpoint),
    }


def _parameters(key: str, endpoint: Endpoint) -> list[Row]:
    return [
        {
            "operation_key": key, "number": number, "place": p.place, "name": p.name,
            "schema": p.schema, "required": p.required, "count": p.count,
        }
        for number, p in enumerate(endpoint.parameters)
    ]  # fmt: skip
