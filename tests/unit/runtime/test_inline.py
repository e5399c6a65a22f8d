"""The one-process pipeline: records reach who reads them, in the topic's order."""

from collections.abc import Iterable, Sequence

import pytest

from schemas.codec import decode
from services.runtime.core import EVERY, Changes, Core, Event, Output, Rejected, Row, Service
from services.runtime.inline import Pipeline, run


class Passing:
    """Answers each value with itself and a mark, on another topic; rejects b"bad"."""

    def __init__(self, topic: str, mark: bytes) -> None:
        self.topic, self.mark, self.changes = topic, mark, Changes()

    def restore(self, rows: Iterable[Row]) -> None:
        assert not list(rows)

    def learn(self, event: Event) -> None:
        self.mark = event.value or b""

    def feed(self, events: Sequence[Event]) -> None:
        for event in events:
            assert event.value is not None
            if event.value == b"bad":
                self.changes.rejected.append(Rejected(event, "bad"))
                continue
            value = event.value + self.mark + str(event.offset).encode()
            self.changes.outputs.append(Output(self.topic, event.key, value, EVERY))
        self.changes.counts["fed"] = len(events)

    def take(self) -> Changes:
        taken, self.changes = self.changes, Changes()
        return taken


def service(
    name: str, topic_in: str, topic_out: str, mark: bytes, *broadcasts: str
) -> tuple[Service, Passing]:
    core = Passing(topic_out, mark)
    checked: Core = core
    made = Service(name=name, inputs={topic_in: lambda _: checked}, broadcasts=broadcasts)
    return made, core


def values(outputs: Iterable[Output]) -> list[bytes | None]:
    return [output.value for output in outputs]


def test_records_flow_through_and_chosen_topics_come_out() -> None:
    first, _ = service("first", "a", "b", b"-")
    second, _ = service("second", "b", "c", b"+")
    chunks = [[Output("a", b"k", b"x"), Output("a", b"k", b"y")], [Output("a", b"k", b"z")]]
    assert values(run([first, second], chunks, {"c"})) == [b"x-0+0", b"y-1+1", b"z-2+2"]


def test_broadcast_records_are_learned() -> None:
    first, _ = service("first", "a", "b", b"-", "policy")
    pipeline = Pipeline([first], {"b"})
    pipeline.feed([Output("policy", None, b"!")])
    assert values(pipeline.feed([Output("a", None, b"x")])) == [b"x!0"]
    assert pipeline.counts == {"fed": 1}
    assert set(pipeline.cpu_s) == {"first"}


def test_what_nobody_could_read_is_kept() -> None:
    first, _ = service("first", "a", "b", b"-")
    letters = list(run([first], [[Output("a", b"k", b"bad")]], {"dead-letters", "b"}))
    letter = decode(letters[0].value or b"")
    assert len(letters) == 1
    assert (letter.service, letter.topic, letter.offset, letter.value) == ("first", "a", 0, b"bad")


def test_topics_that_feed_each_other_without_end_are_told() -> None:
    first, _ = service("first", "a", "a", b"")
    with pytest.raises(RuntimeError, match="without end: a"):
        Pipeline([first], set()).feed([Output("a", None, b"x")])
