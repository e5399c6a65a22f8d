"""The window to Kafka, against a client whose every answer is scripted."""

from collections import deque
from collections.abc import Callable
from typing import Any

from confluent_kafka import KafkaError, KafkaException

from services.capture.letters import Letter
from services.capture.outbox import RETRY_S, SENTENCES_MAX, Outbox

REFUSED = KafkaError(KafkaError.TOPIC_AUTHORIZATION_FAILED)
TOO_LARGE = KafkaError(KafkaError.MSG_SIZE_TOO_LARGE)
NO_PARTITION = KafkaError(KafkaError._UNKNOWN_PARTITION)


class ScriptedClient:
    """Keeps what it is given until the test answers."""

    def __init__(self, on_error: Callable[[KafkaError], None]) -> None:
        self.on_error = on_error
        self.held: deque[tuple[bytes, Callable[[KafkaError | None, object], None]]] = deque()
        self.reports: list[Callable[[], None]] = []
        self.refuses: KafkaError | None = None

    def produce(self, topic: str, **arguments: Any) -> None:
        if self.refuses:
            raise KafkaException(self.refuses)
        self.held.append((arguments["value"], arguments["on_delivery"]))

    def answer(self, error: KafkaError | None = None) -> None:
        _, on_delivery = self.held.popleft()
        self.reports.append(lambda: on_delivery(error, None))

    def poll(self, timeout: float = 0) -> int:
        reports, self.reports = self.reports, []
        for report in reports:
            report()
        return len(reports)

    def purge(self) -> None:
        while self.held:
            self.answer(KafkaError(KafkaError._PURGE_QUEUE))

    @property
    def values(self) -> list[bytes]:
        return [value for value, _ in self.held]


class World:
    """An outbox with all that it touches."""

    def __init__(self, window_bytes: int = 1000) -> None:
        self.clients: list[ScriptedClient] = []
        self.alone: list[bool] = []
        self.settled: list[tuple[bytes, str | None]] = []
        self.said: list[str] = []
        self.now_s = 0.0
        self.outbox = Outbox(
            self.connect,
            settled=lambda letter, reason: self.settled.append((letter.value, reason)),
            say=self.said.append,
            now_s=lambda: self.now_s,
            window_bytes=window_bytes,
        )

    def connect(self, on_error: Callable[[KafkaError], None], alone: bool) -> ScriptedClient:
        self.alone.append(alone)
        self.clients.append(ScriptedClient(on_error))
        return self.clients[-1]

    def post(self, *values: bytes) -> None:
        for value in values:
            self.outbox.post(Letter("packets", value, partition=3))


def test_a_letter_is_settled_when_it_is_acknowledged() -> None:
    world = World()
    world.post(b"1", b"2")
    world.clients[0].answer()
    world.outbox.serve(0)
    assert world.settled == [(b"1", None)]
    assert [letter.value for letter in world.outbox.unsettled] == [b"2"]
    assert not world.outbox.empty


def test_the_window_has_room_again_when_letters_are_settled() -> None:
    world = World(window_bytes=10)
    world.post(b"x" * 6, b"y" * 6)
    assert not world.outbox.room
    world.clients[0].answer()
    world.outbox.serve(0)
    assert world.outbox.room


def test_after_a_failure_everything_unsettled_goes_again_in_order() -> None:
    world = World()
    world.post(b"1", b"2", b"3")
    world.clients[0].answer()
    world.clients[0].answer(REFUSED)
    world.outbox.serve(0)
    world.post(b"4")
    assert world.clients[0].values == [b"3"], "nothing may pass the failed one"
    world.now_s = RETRY_S - 0.1
    world.outbox.serve(0)
    assert len(world.clients) == 1
    world.now_s = RETRY_S
    world.outbox.serve(0)
    assert world.clients[1].values == [b"2", b"3", b"4"]
    for _ in range(3):
        world.clients[1].answer()
    world.outbox.serve(0)
    assert world.settled == [(b"1", None), (b"2", None), (b"3", None), (b"4", None)]
    assert world.outbox.empty
    assert len(world.said) == 2
    assert world.said[1] == "Kafka takes records again"


def test_reports_of_a_client_that_was_thrown_away_settle_nothing() -> None:
    world = World()
    world.post(b"1", b"2")
    old = world.clients[0]
    old.answer(REFUSED)
    world.outbox.serve(0)
    _, late = old.held[0]
    world.now_s = RETRY_S
    world.outbox.serve(0)
    late(None, None)
    assert world.settled == []


def test_a_fatal_client_error_is_a_failure() -> None:
    world = World()
    world.post(b"1")
    world.clients[0].on_error(KafkaError(KafkaError._FATAL, "lost its place", True))
    world.now_s = RETRY_S
    world.outbox.serve(0)
    assert world.clients[1].values == [b"1"]


def test_a_record_is_too_large_when_it_was_refused_alone() -> None:
    world = World()
    world.post(b"1", b"2")
    world.clients[0].answer(TOO_LARGE)
    world.clients[0].answer(TOO_LARGE)
    world.outbox.serve(0)
    assert world.settled == [], "perhaps the batch was too large"
    world.now_s = RETRY_S
    world.outbox.serve(0)
    assert world.alone == [False, True]
    world.clients[1].answer(TOO_LARGE)
    world.clients[1].answer()
    world.outbox.serve(0)
    assert world.settled == [(b"1", TOO_LARGE.str()), (b"2", None)]


def test_what_the_client_itself_calls_too_large_is_settled_at_once() -> None:
    world = World()
    world.clients[0].refuses = TOO_LARGE
    world.post(b"1")
    world.clients[0].refuses = None
    world.post(b"2")
    assert world.settled == [(b"1", TOO_LARGE.str())]
    assert world.clients[0].values == [b"2"]


def test_a_record_for_a_partition_that_is_not_there_holds_up_nobody() -> None:
    world = World()
    world.clients[0].refuses = NO_PARTITION
    world.post(b"1")
    world.clients[0].refuses = None
    world.post(b"2")
    assert world.settled == [(b"1", NO_PARTITION.str())]
    assert world.clients[0].values == [b"2"]


def test_a_refusal_at_the_door_lets_nothing_pass() -> None:
    world = World()
    world.clients[0].refuses = REFUSED
    world.post(b"1")
    world.clients[0].refuses = None
    world.post(b"2")
    assert world.clients[0].values == []
    world.now_s = RETRY_S
    world.outbox.serve(0)
    assert world.clients[1].values == [b"1", b"2"]


def test_an_unreachable_broker_is_said_once_until_it_is_back() -> None:
    world = World()
    world.post(b"1", b"2")
    for _ in range(3):
        world.clients[0].on_error(KafkaError(KafkaError._TRANSPORT))
        world.clients[0].on_error(KafkaError(KafkaError._ALL_BROKERS_DOWN))
    assert world.said == ["Kafka cannot be reached; trying again, nothing is given up"]
    world.clients[0].answer()
    world.outbox.serve(0)
    world.clients[0].on_error(KafkaError(KafkaError._ALL_BROKERS_DOWN))
    assert len(world.said) == 3


def test_trouble_with_many_faces_does_not_fill_the_log() -> None:
    world = World()
    world.post(b"1")
    for number in range(100):
        world.clients[0].on_error(KafkaError(KafkaError._AUTHENTICATION, f"broker {number}"))
    assert len(world.said) == SENTENCES_MAX
