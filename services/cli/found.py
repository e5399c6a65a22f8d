"""Findings as people ask for them: the highest revision of each, filtered, in order of time."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from schemas.codec import UndecodableError, decode_as
from schemas.types import Finding
from services.cli.moments import iso
from services.cli.output import say

if TYPE_CHECKING:
    from confluent_kafka import Message

# About 3 KB each: past this the oldest are left out of a list, and that is said.
FINDINGS_MAX = 100_000
SEVERITIES = ("info", "low", "medium", "high", "critical")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which findings; None is any."""

    class_: str | None = None
    client: str | None = None
    host: str | None = None
    since_us: int | None = None

    def holds(self, finding: Finding) -> bool:
        """Whether this one is wanted."""
        return (
            self.class_ in (None, finding.class_)
            and self.client in (None, finding.client)
            and (self.host is None or self.host.lower() == finding.host.lower())
            and (self.since_us is None or finding.at_us >= self.since_us)
        )


class Latest:
    """The highest revision of each finding, at most FINDINGS_MAX of them."""

    def __init__(self) -> None:
        self._by_id: dict[str, Finding] = {}
        self.left_out = 0

    def __len__(self) -> int:
        return len(self._by_id)

    def add(self, finding: Finding) -> None:
        """Take in one revision."""
        kept = self._by_id.get(finding.id)
        if kept is not None and kept.revision > finding.revision:
            return
        self._by_id[finding.id] = finding
        if len(self._by_id) > FINDINGS_MAX:
            del self._by_id[next(iter(self._by_id))]
            self.left_out += 1

    def get(self, id_: str) -> Finding | None:
        """One finding by its id, or by the beginning of an id that only it has."""
        if id_ in self._by_id:
            return self._by_id[id_]
        near = [finding for key, finding in self._by_id.items() if key.startswith(id_)]
        return near[0] if len(near) == 1 else None

    def all(self) -> list[Finding]:
        """In order of time."""
        return sorted(self._by_id.values(), key=lambda finding: (finding.at_us, finding.id))


def decoded(messages: "Iterable[Message]") -> Iterator[Finding]:
    """Findings of a topic; what is none is said and left out."""
    for message in messages:
        try:
            yield decode_as(Finding, message.value() or b"")
        except UndecodableError as error:
            place = f"{message.topic()}/{message.partition()} at {message.offset()}"
            say(f"sidetap: {place} is unreadable: {error}.")


def latest(messages: "Iterable[Message]") -> Latest:
    """The highest revision of every finding among a topic's records."""
    kept = Latest()
    for finding in decoded(messages):
        kept.add(finding)
    return kept


COLUMNS = ("at", "severity", "class", "client", "host", "endpoint", "times#", "id")


def row(finding: Finding) -> tuple[object, ...]:
    """One line of the table with COLUMNS."""
    return (
        iso(finding.at_us)[:19].replace("T", " "), finding.severity, finding.class_,
        finding.client, finding.host, finding.endpoint, finding.count, finding.id[:12],
    )  # fmt: skip
