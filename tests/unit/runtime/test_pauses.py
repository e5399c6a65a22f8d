"""When a partition waits for a person."""

import pytest

from services.runtime import pauses
from services.runtime.clients import consuming, producing
from services.runtime.pauses import REJECTED_MAX, WINDOW_S, Pauses

PLACE = ("packets", 3)


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    monkeypatch.setattr(pauses, "ends", lambda *_: {pauses.POLICY: (0, 17)})
    return [0.0]


def test_a_hundred_a_minute_are_borne(at: list[float]) -> None:
    waiting = Pauses({}, "detect", lambda: at[0])
    assert not waiting.rejected(PLACE, REJECTED_MAX)
    assert not waiting.rejected(("packets", 4), REJECTED_MAX), "each partition counts for itself"
    assert waiting.rejected(PLACE, 1)


def test_slow_rubbish_is_borne_for_ever(at: list[float]) -> None:
    waiting = Pauses({}, "detect", lambda: at[0])
    for _ in range(5):
        assert not waiting.rejected(PLACE, REJECTED_MAX // 2)
        at[0] += WINDOW_S / 2 + 1


def test_nothing_rejected_pauses_nothing(at: list[float]) -> None:
    waiting = Pauses({}, "detect", lambda: at[0])
    waiting.rejected(PLACE, REJECTED_MAX)
    at[0] += WINDOW_S + 1
    assert not waiting.rejected(PLACE, 0)


def test_a_pause_travels_with_the_offset(at: list[float]) -> None:
    waiting, heir = Pauses({}, "detect"), Pauses({}, "detect")
    waiting.pause(PLACE)
    assert waiting.metadata(PLACE) == "paused:17"
    heir.adopt(PLACE, waiting.metadata(PLACE))
    assert PLACE in heir
    assert len(heir) == 1
    heir.adopt(PLACE, "")
    assert PLACE not in heir


def test_what_exactness_rests_on_cannot_be_set_otherwise() -> None:
    wrong = {"isolation.level": "read_uncommitted", "acks": "1", "enable.idempotence": "false"}
    assert consuming(wrong)["isolation.level"] == "read_committed"
    assert producing(wrong)["acks"] == "all"
    assert producing(wrong)["enable.idempotence"] is True
    assert (
        producing({"compression.type": "zstd"}, transactional_id="a")["compression.type"] == "zstd"
    )
    assert producing({}, transactional_id="a")["transactional.id"] == "a"
    assert "compression.type" not in consuming({"compression.type": "zstd"})
