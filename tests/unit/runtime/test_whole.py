"""How long a restore may take, and what it says when it cannot go on."""

from collections.abc import Sequence

import pytest
from confluent_kafka import KafkaError

from services.runtime import whole
from services.runtime.whole import STILL_S_MAX, NotWholeError, read_whole
from tests.simulation.memory_kafka import MemoryMessage

PLACE = ("state.x", 0)
RECORDS = 10


class SlowReader:
    """As confluent_kafka.Consumer: every call takes its time, and gives the next record."""

    def __init__(self, at_s: list[float], call_s: float, records: int = RECORDS) -> None:
        self.at_s, self.call_s = at_s, call_s
        self.records = [MemoryMessage(PLACE, at, (b"k", b"v")) for at in range(records)]

    def assign(self, _: object) -> None:
        pass

    def consume(self, _: int, timeout: float) -> Sequence[MemoryMessage]:
        self.at_s[0] += self.call_s
        return [self.records.pop(0)] if self.records else []

    def close(self) -> None:
        pass


def read(patch: pytest.MonkeyPatch, call_s: float, records: int = RECORDS) -> int:
    """Records read of a topic that has RECORDS."""
    at_s, read_records = [0.0], list[object]()
    patch.setattr(whole, "ends", lambda *_: {PLACE: (0, RECORDS)})
    patch.setattr(whole, "Consumer", lambda _: SlowReader(at_s, call_s, records))
    patch.setattr(whole.time, "monotonic", lambda: at_s[0])
    read_whole({}, [PLACE], read_records.append)
    return len(read_records)


def test_a_long_restore_that_goes_on_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    assert read(monkeypatch, STILL_S_MAX * 0.9) == RECORDS


def test_one_that_stands_still_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(NotWholeError, match=r"state\.x/0: nothing came for 120 s"):
        read(monkeypatch, STILL_S_MAX * 0.9, records=3)


def test_what_kafka_says_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    error = KafkaError(KafkaError.TOPIC_AUTHORIZATION_FAILED)
    monkeypatch.setattr(MemoryMessage, "error", lambda _: error)
    with pytest.raises(NotWholeError, match=r"reading state\.x/0: .*authorization"):
        read(monkeypatch, 0)
