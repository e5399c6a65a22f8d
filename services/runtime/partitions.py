"""One input partition in a worker's hands: its core, its rows and how far it has come.

State rows of all inputs of a service share its changelog topic, in the partition of the same
number; a row's key begins with the input topic, so that two cores never meet. Beside them each
input partition has a Progress row: the broadcast records that its last commit knew.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from confluent_kafka import Message

from schemas.codec import decode_as, encode
from schemas.types import Progress
from services.runtime import faults
from services.runtime.clients import Run
from services.runtime.core import Core, Event, Row, Service
from services.runtime.table import RowError
from services.runtime.transaction import MisfitError
from services.runtime.whole import Place, read_whole, where


@dataclass(slots=True)
class Part:
    """The core of one input partition. `topic` is its name without a run's prefix."""

    topic: str
    partition: int
    core: Core
    next_offset: int
    progress: bytes | None = None
    """Its Progress row as stored."""

    @property
    def place(self) -> Place:
        """Topic and partition."""
        return self.topic, self.partition

    def rows(self, rows: Iterable[Row], progress: bytes | None) -> Iterator[Row]:
        """What to write to the changelog: keys with their topic, and Progress if it moved."""
        head = self.topic.encode() + b"\0"
        for row in rows:
            yield Row(head + row.key, row.value)
        if progress is not None and progress != self.progress:
            yield Row(progress_key(self.topic), progress)


def progress_key(topic: str) -> bytes:
    """Key of the Progress row; no topic's name is empty, so no core's row can have it."""
    return b"\0" + topic.encode()


@dataclass(slots=True)
class Broadcasts:
    """How far the broadcast topics were learned; the same for every partition of a worker."""

    next_offsets: dict[Place, int] = field(default_factory=dict)
    _encoded: bytes | None = None

    def moved(self, place: Place, next_offset: int) -> None:
        """Everything before this offset was learned."""
        self.next_offsets[place] = next_offset
        self._encoded = None

    def progress(self) -> bytes | None:
        """As a Progress row; None where nothing is broadcast."""
        if self._encoded is None and self.next_offsets:
            named = {f"{topic}/{p}": at for (topic, p), at in sorted(self.next_offsets.items())}
            self._encoded = encode(Progress(broadcast=named, watermarks=()))
        return self._encoded


class Restorer:
    """Makes the parts of newly assigned partitions from what the broker keeps."""

    def __init__(
        self,
        service: Service,
        kafka: Mapping[str, str],
        run: Run,
        beat: Callable[[int], None],
    ) -> None:
        self._service, self._kafka, self._run, self._beat = service, kafka, run, beat
        self._rows_read = 0

    def restore(
        self, offsets: Mapping[Place, int], broadcast_places: Sequence[Place]
    ) -> tuple[dict[Place, Part], Broadcasts]:
        """Parts by place, `offsets` being where each goes on (topics without a run's prefix).

        The caller must have asked for the offsets before: whatever they cover stands before the
        high watermarks that are asked for here. Raises MisfitError on rows of a version that is
        not known: nothing is skipped, nothing was consumed.
        """
        self._rows_read = 0
        rows = self._read_rows(offsets)
        parts = {}
        for (topic, partition), offset in offsets.items():
            part = Part(topic, partition, self._service.inputs[topic](partition), offset)
            found = rows.pop((topic, partition), {})
            part.progress = found.pop(progress_key(topic), None)
            head = len(topic) + 1
            try:
                _known(part)
                part.core.restore(Row(key[head:], value) for key, value in found.items())
            except (RowError, ValueError) as error:
                raise MisfitError(f"{self._service.state}/{partition}: {error}") from error
            parts[topic, partition] = part
        return parts, self._learn(parts, broadcast_places)

    def _read_rows(self, offsets: Mapping[Place, int]) -> dict[Place, dict[bytes, bytes]]:
        """Live rows of each partition, in the order in which they were last written."""
        if self._service.state is None:
            return {}
        rows: dict[Place, dict[bytes, bytes]] = {place: {} for place in offsets}
        state = self._run.written(self._service.state)

        def each(message: Message) -> None:
            faults.point("in_restore")
            key, value = message.key() or b"", message.value()
            topic = key.partition(b"\0")[0] or key[1:]
            mine = rows.get((topic.decode("utf-8", "replace"), where(message)[1]))
            if mine is not None:
                mine.pop(key, None)
                if value is not None:
                    mine[key] = value
            self._rows_read += 1

        places = [(state, partition) for partition in sorted({p for _, p in offsets})]
        read_whole(self._kafka, places, each, lambda: self._beat(self._rows_read))
        return rows

    def _learn(self, parts: Mapping[Place, Part], places: Sequence[Place]) -> Broadcasts:
        """Every core learns the broadcast topics, from their beginning to now.

        What a core says while it learns again what its last commit knew was committed then, and is
        dropped; the rest is news.
        """
        known = {place: _known(part) for place, part in parts.items()}
        news: dict[Place, list[Event]] = {place: [] for place in parts}

        def each(message: Message) -> None:
            event = broadcast_event(message, self._run)
            name = f"{event.topic}/{event.partition}"
            for place, part in parts.items():
                if event.offset < known[place].get(name, 0):
                    part.core.learn(event)
                else:
                    news[place].append(event)

        marks = read_whole(self._kafka, places, each, lambda: self._beat(self._rows_read))
        for place, part in parts.items():
            if known[place]:
                part.core.take()
            for event in news[place]:
                part.core.learn(event)
        broadcasts = Broadcasts()
        for place, mark in marks.items():
            broadcasts.moved(place, mark)
        return broadcasts


def _known(part: Part) -> Mapping[str, int]:
    return decode_as(Progress, part.progress).broadcast if part.progress else {}


def broadcast_event(message: Message, run: Run) -> Event:
    """A broadcast record as its readers see it: the topic without a run's prefix."""
    topic, partition, offset = where(message)
    return Event(topic.removeprefix(run.prefix), partition, offset, message.key(), message.value())
