"""Discovery, first half: what a partition's exchanges say of each host's operations.

In:     Exchange and Watermark records of one partition of `exchanges`.
Out:    Sighting records: sums by host, and a pulse when packet time moved on.
Keeps:  what was not told yet, requests whose answer comes in a later record.

Sums go out whenever the watermark passes a beat. When that is depends on the events alone, so
sightings do not depend on where batches are cut, and a fast stream has no more of them than a
slow one.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

import orjson

from schemas.codec import encode
from schemas.topics import topics
from schemas.types import Sighting, Watermark
from services.discovery.exchanges import Call, answered, call_of, count, requested
from services.discovery.operation import Operation
from services.discovery.settings import Settings
from services.discovery.tally import Tally
from services.discovery.wildcards import Wildcards
from services.runtime.core import EVERY, Changes, Event, Output, Row
from services.runtime.dispatch import dispatch
from services.runtime.table import Table
from services.runtime.views import ExchangeView, Reader, RequestView, ResponseView
from services.runtime.watermarks import ANSWER_US_MAX, Watermarks

TOPIC = "sightings"
# Packet time between pulses: the inventory is told as often. Every observer hears every watermark,
# so they take turns; one that stands still costs a beat, and the next one tells what was missed.
PULSE_US = 5_000_000
OBSERVERS = topics()["exchanges"].partitions
# A record is closed at this size; the topic takes 4 MiB, and one operation has less than three.
SIGHTING_BYTES = 1_048_576
# Requests that wait for their answer: with typical 1 KiB some 20 MB, 320 MB at the most.
UNANSWERED_MAX = 20_000
# A larger request is counted, but what it carried is not looked at when its answer comes.
UNANSWERED_BYTES_MAX = 16_384

Sums = dict[str, Operation]


class ObserveCore:
    """See services/runtime/core.py."""

    def __init__(self, partition: int, read: Reader, settings: Settings) -> None:
        self._partition = partition
        self._host = Wildcards(settings.wildcard_hosts).of
        self._read = read
        self._watermarks = Watermarks()
        self._unanswered: Table[bytes] = Table(
            "unanswered",
            _as_it_is,
            _as_it_is,
            rows_max=UNANSWERED_MAX,
            site=lambda record: read(record).site,
        )
        self._tally = Tally()
        self._offset = 0
        self._changes = Changes()
        self._counts: Counter[str] = Counter()

    def restore(self, rows: Iterable[Row]) -> None:
        """See Core."""
        self._tally.restore(rows, self._unanswered, self._watermarks.table)

    def learn(self, event: Event) -> None:
        """See Core: what people say is for the other half."""

    def feed(self, events: Sequence[Event]) -> None:
        """See Core."""
        for event in events:
            self._offset = event.offset
            self._changes.rejected += dispatch((event,), self._read, self._exchange, self._hear)
            if self._tally.full:
                self._tell()

    def take(self) -> Changes:
        """See Core."""
        changes, self._changes = self._changes, Changes()
        changes.rows += self._tally.take()
        changes.rows += self._unanswered.take() + self._watermarks.table.take()
        changes.counts.update(self._counts + self._watermarks.counts())
        self._counts.clear()
        return changes

    def _exchange(self, view: ExchangeView, record: bytes) -> None:
        request = view.request
        if view.part is not None:
            # It goes on behind an exchange that was counted.
            return
        key = view.id.encode()
        if request is None:
            self._late(key, view)
            return
        call = call_of(request)
        if call is None:
            self._counts["odd_methods"] += 1
            return
        if view.revision == 0:
            for name in call.names():
                place = (view.site, self._host(view.host), name)
                self._tally.add(requested(place, view.application), view.at_us)
        if view.response_final:
            if view.revision:
                self._unanswered.delete(key)
            if view.response is not None:
                self._answered(view, request, call, view.response)
        else:
            self._wait(key, record)
        self._tally.end_exchange()

    def _wait(self, key: bytes, record: bytes) -> None:
        """The answer comes in a later record, which may repeat the request or not."""
        if len(record) <= UNANSWERED_BYTES_MAX:
            if self._unanswered.put(key, record):
                self._counts["unanswered_given_way"] += 1
        else:
            self._counts["large_requests_without_answer"] += 1

    def _late(self, key: bytes, view: ExchangeView) -> None:
        """A response whose request came in an earlier record, or was never seen."""
        if not view.response_final or view.response is None:
            return
        waiting = self._unanswered.get(key)
        if waiting is None:
            self._counts["answers_without_request"] += 1
            return
        self._unanswered.delete(key)
        self._answer(self._read(waiting), view.response)

    def _answer(self, asked: ExchangeView, response: ResponseView) -> None:
        request = asked.request
        assert request is not None, "only requests wait"
        call = call_of(request)
        assert call is not None, "only what calls an operation waits"
        self._answered(asked, request, call, response)
        self._tally.end_exchange()

    def _answered(
        self, asked: ExchangeView, request: RequestView, call: Call, response: ResponseView
    ) -> None:
        for name in call.names():
            place = (asked.site, self._host(asked.host), name)
            for fact in answered(place, asked, request, call, response):
                self._tally.add(fact, asked.at_us)

    def _hear(self, mark: Watermark, appended_us: int) -> None:
        site = mark.site
        before, ended = self._watermarks.at(site), self._watermarks.ended(site)
        self._watermarks.hear(mark, appended_us)
        now = self._watermarks.at(site)
        if now is None:
            return
        is_end = self._watermarks.ended(site) != ended
        if is_end or now // PULSE_US > (before or 0) // PULSE_US:
            self._tell()
        if is_end or self._is_my_turn(before or 0, now):
            pulse = Sighting(id=f"{self._span()}/pulse", site=site, host="", body=b"", at_us=now)
            self._changes.outputs.append(Output(TOPIC, None, encode(pulse), EVERY))
            self._forget(site, now - ANSWER_US_MAX)

    def _span(self) -> str:
        """Up to where a sighting sums up."""
        return f"{self._partition}:{self._offset}"

    def _is_my_turn(self, before_us: int, now_us: int) -> bool:
        """Whether one of this observer's beats lies between."""
        mine = (now_us // PULSE_US - self._partition) // OBSERVERS
        return mine > (before_us // PULSE_US - self._partition) // OBSERVERS

    def _forget(self, site: str, past_us: int) -> None:
        def old(record: bytes) -> bool:
            return self._read(record).at_us < past_us

        for _ in self._unanswered.expired(site, old):
            self._counts["requests_never_answered"] += 1

    def _tell(self) -> None:
        """Send all that was counted since the last time."""
        hosts: dict[tuple[str, str], Sums] = {}
        for (site, host, name, *what), span in self._tally.tell():
            sums = hosts.setdefault((site, host), {})
            operation = sums.get(name)
            if operation is None:
                operation = sums[name] = Operation()
            count(operation, what, span)
        number = 0
        for (site, host), sums in hosts.items():
            for body in _bodies(sums):
                name = f"{self._span()}/{number}"
                sighting = Sighting(id=name, site=site, host=host, body=body, at_us=0)
                key = f"{site}/{host}".encode()
                self._changes.outputs.append(Output(TOPIC, key, encode(sighting)))
                number += 1


def _bodies(sums: Sums) -> Iterator[bytes]:
    """The sums of a host as JSON objects of a bounded size."""
    members: list[bytes] = []
    size = 0
    for name, operation in sums.items():
        member = orjson.dumps(name) + b":" + orjson.dumps(operation.dump())
        if members and size + len(member) > SIGHTING_BYTES:
            yield b"{" + b",".join(members) + b"}"
            members, size = [], 0
        members.append(member)
        size += len(member)
    if members:
        yield b"{" + b",".join(members) + b"}"


def _as_it_is(record: bytes) -> bytes:
    """Waiting requests are kept as the records they came in."""
    return record
