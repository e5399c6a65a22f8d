"""Payload diversity: the attacks of one client, handed on to be counted by kind.

In:     Finding records of one partition of `findings`, as detection tells them.
Out:    Signal on `signals`: one for each request that shows an attack a gate would block.
Keeps:  nothing.

A finding of an attack is about one class at one place, so what a client does everywhere is added
up elsewhere (services/browsing/crowd.py). It is told at each doubling with its first and latest
requests: of a long attack these are a sample. What is told again has the same id and the same
hashes, so the sets it is added to do not grow by it.
"""

from collections.abc import Iterable, Sequence

from schemas.codec import UndecodableError, decode_as
from schemas.types import Finding
from services.browsing import partials
from services.browsing.attempt import hashed
from services.runtime.core import Changes, Event, Row
from services.runtime.dispatch import one_by_one

# Evidence of what an answer proved is no payload.
ANSWER = "response."


class PayloadsCore:
    """See services/runtime/core.py."""

    def __init__(self) -> None:
        self._changes = Changes()

    def restore(self, rows: Iterable[Row]) -> None:
        """See Core: nothing is kept."""

    def learn(self, event: Event) -> None:
        """See Core: what is broadcast is for the clients' own core."""

    def feed(self, events: Sequence[Event]) -> None:
        """See Core."""
        self._changes.rejected += one_by_one(events, self._event)

    def take(self) -> Changes:
        """See Core."""
        changes, self._changes = self._changes, Changes()
        return changes

    def _event(self, event: Event) -> None:
        if event.value is None:
            raise UndecodableError("a record without a value")
        finding = decode_as(Finding, event.value)
        if finding.kind != "attack" or not finding.would_block or not finding.client:
            return
        class_ = hashed(b"", finding.class_.encode())
        asked = (one for one in finding.evidence if not one.where.startswith(ANSWER))
        for one in asked:
            payload = hashed(b"", f"{finding.class_}\0{one.value}".encode())
            output = partials.attacked(finding, one, payload, class_)
            self._changes.outputs.append(output)
