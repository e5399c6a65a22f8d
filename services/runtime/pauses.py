"""Partitions that wait for a person, because too much on them could not be read.

A worker that went on would drain a bad producer's whole output into dead-letters. The pause is
kept in the metadata of the committed offset, so it outlives the worker and `sidetap topics` sees
it; a person ends it with an entry of kind "resume" on `policy`.
"""

import time
from collections import deque
from collections.abc import Callable, Mapping

from confluent_kafka import Consumer, TopicPartition

from schemas.codec import UndecodableError, decode_as
from schemas.types import PolicyEntry
from services.runtime.clients import consuming
from services.runtime.whole import Place, ends, where

# Design §4.13.
REJECTED_MAX = 100
WINDOW_S = 60
POLICY: Place = ("policy", 0)
MARK = "paused:"
"""Before the policy offset from which a resume counts, in a committed offset's metadata."""


def resume_id(service: str, topic: str, partition: int) -> str:
    """Id of the policy entry that ends a pause."""
    return f"resume/{service}/{topic}/{partition}"


class Pauses:
    """Counts what is rejected and knows which partitions wait. `service` may be a run's."""

    def __init__(
        self, kafka: Mapping[str, str], service: str, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._kafka, self._service, self._clock = kafka, service, clock
        self._rejected: dict[Place, deque[float]] = {}
        self._paused: dict[Place, int] = {}
        self._reader: Consumer | None = None

    def __len__(self) -> int:
        return len(self._paused)

    def __contains__(self, place: Place) -> bool:
        return place in self._paused

    def rejected(self, place: Place, count: int) -> bool:
        """Count; whether the partition is to be paused now."""
        recent = self._rejected.setdefault(place, deque(maxlen=REJECTED_MAX + 1))
        now = self._clock()
        recent.extend([now] * min(count, REJECTED_MAX + 1))
        return len(recent) > REJECTED_MAX and now - recent[0] < WINDOW_S

    def pause(self, place: Place) -> None:
        """From here on it waits; only what people say later can resume it."""
        self._rejected.pop(place, None)
        self._paused[place] = ends(self._kafka, [POLICY])[POLICY][1]

    def metadata(self, place: Place) -> str:
        """For the committed offset."""
        return f"{MARK}{self._paused[place]}" if place in self._paused else ""

    def adopt(self, place: Place, metadata: str | None) -> None:
        """Take over what the committed offset of a newly assigned partition says."""
        self._paused.pop(place, None)
        if metadata and metadata.startswith(MARK):
            self._paused[place] = int(metadata.removeprefix(MARK))
            self.close()

    def forget(self) -> None:
        """The partitions went away; `adopt` says of each that comes back whether it waits."""
        self._paused.clear()
        self.close()

    def resumed(self) -> list[Place]:
        """Partitions that a person has resumed since the last call. Does not wait."""
        if not self._paused:
            self.close()
            return []
        if self._reader is None:
            self._reader = Consumer(consuming(self._kafka, group_id="sidetap-pauses"))
            self._reader.assign([TopicPartition(*POLICY, min(self._paused.values()))])
        names = {resume_id(self._service, *place): place for place in self._paused}
        found = []
        for message in self._reader.consume(1_000, timeout=0):
            place = names.get(_entry_id(message.value() if message.error() is None else None))
            if place is not None and where(message)[2] >= self._paused.get(place, 0):
                self._paused.pop(place, None)
                found.append(place)
        return found

    def close(self) -> None:
        """Stop listening; the next `resumed` begins anew."""
        if self._reader is not None:
            self._reader.close()
            self._reader = None


def _entry_id(value: bytes | None) -> str:
    try:
        return decode_as(PolicyEntry, value).id if value else ""
    except UndecodableError:
        return ""
