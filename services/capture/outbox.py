"""Records to Kafka, in order, each until it is acknowledged: nothing expires silently.

In:     letters, while there is room.
Out:    letters in their order, with every broker asked to confirm; each settled once.
Keeps:  all letters that are not settled, at most `window_bytes`.

The client never gives up on a record by itself (message.timeout.ms=0) and, where it reports a
failure all the same, lets no later record pass (enable.gapless.guarantee). Then it is thrown away
and a new one sends everything unsettled again: a record may arrive twice, but its first arrival
always comes after its predecessor's, and reassembly drops repeats by their sequence numbers. A
record that the broker will never take is settled with the reason.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Protocol

from confluent_kafka import KafkaError, KafkaException

from services.capture.letters import Letter
from services.runtime import faults

# 30 round trips of a fast broker's 150 MB/s: enough to keep it busy, little to lose to a kill.
WINDOW_BYTES = 32 * 1024 * 1024
# Heartbeats are small: without it the window would hold 300,000 of them.
WINDOW_LETTERS = 20_000
# Different sentences in one time of trouble; then silence until Kafka is back.
SENTENCES_MAX = 5
# A broker that refuses or lost its memory of us needs a moment; faster tries only fill its log.
RETRY_S = 1.0

# The broker measures a whole batch: only of a record that went alone does it speak for certain.
_TOO_LARGE = {KafkaError.MSG_SIZE_TOO_LARGE, KafkaError.INVALID_MSG_SIZE}

# These two come with every try; "all brokers down" sums them up.
_EVERY_TRY = {KafkaError._TRANSPORT, KafkaError._RESOLVE}  # noqa: SLF001 (so librdkafka calls them)
# Packed for a wider topic: no broker will ever take it, and what is behind it must go on.
_NO_PARTITION = KafkaError._UNKNOWN_PARTITION  # noqa: SLF001
_ALL_DOWN = KafkaError._ALL_BROKERS_DOWN  # noqa: SLF001

# Beyond what every producer has (services/runtime/clients.py).
CLIENT: Mapping[str, str | int | bool] = {
    "enable.gapless.guarantee": True,
    "message.timeout.ms": 0,
    # Twice the window: the client's own queue never says "full" before the window does.
    "queue.buffering.max.kbytes": 2 * WINDOW_BYTES // 1024,
    "queue.buffering.max.messages": 2 * WINDOW_LETTERS,
}


class Producer(Protocol):
    """What is used of confluent_kafka.Producer."""

    def produce(self, topic: str, **arguments: Any) -> None: ...
    def poll(self, timeout: float = ...) -> int: ...
    def purge(self) -> None: ...


Connect = Callable[[Callable[[KafkaError], None], bool], Producer]
Settled = Callable[[Letter, str | None], None]


class Outbox:
    """The window of letters under way.

    `connect` makes a client that reports its own errors to the function it is given; with the
    flag, every record goes in a batch of its own, which blocks of 256 KiB hardly notice. `settled`
    hears of each letter once: None, or why it can never arrive. `say` gets one sentence when
    Kafka goes away and one when it is back. `now_s` is a monotonic clock.
    """

    def __init__(
        self,
        connect: Connect,
        *,
        settled: Settled,
        say: Callable[[str], None],
        now_s: Callable[[], float],
        window_bytes: int = WINDOW_BYTES,
    ) -> None:
        self._connect = connect
        self._settled = settled
        self._say = say
        self._now_s = now_s
        self._window_bytes = window_bytes
        self._waiting: dict[int, Letter] = {}
        self._posted = 0
        self._bytes = 0
        self._generation = 0
        self._retry_at_s: float | None = None
        self._troubles: set[str] = set()
        self._alone = self._alone_next = False
        self._producer = connect(self._client_error, False)

    @property
    def room(self) -> bool:
        """Whether one more letter may be posted."""
        return self._bytes < self._window_bytes and len(self._waiting) < WINDOW_LETTERS

    @property
    def unsettled(self) -> list[Letter]:
        """What is under way, oldest first."""
        return list(self._waiting.values())

    @property
    def empty(self) -> bool:
        """Whether everything posted is settled."""
        return not self._waiting

    def post(self, letter: Letter) -> None:
        """Take on one letter."""
        assert self.room, "a letter was posted into a full window"
        ticket = self._posted
        self._posted += 1
        self._waiting[ticket] = letter
        self._bytes += len(letter.value)
        if self._retry_at_s is None:
            self._produce(ticket, letter)

    def serve(self, wait_s: float) -> None:
        """Hear of arrivals for at most so long, and try again what failed when it is time."""
        if self._retry_at_s is not None and self._now_s() >= self._retry_at_s:
            self._start_again()
        self._poll(wait_s)

    def _poll(self, wait_s: float) -> None:
        try:
            self._producer.poll(wait_s)
        except KafkaException as caught:  # A client that failed for good says so here, too.
            self._fail(caught.args[0].str())

    def _produce(self, ticket: int, letter: Letter) -> None:
        arguments: dict[str, Any] = (
            {} if letter.partition is None else {"partition": letter.partition}
        )
        try:
            self._producer.produce(
                letter.topic,
                key=letter.key,
                value=letter.value,
                on_delivery=partial(self._report, self._generation, ticket),
                **arguments,
            )
        except KafkaException as caught:
            error = caught.args[0]
            if error.code() in _TOO_LARGE or error.code() == _NO_PARTITION:
                self._settle(ticket, error.str())
            else:
                self._fail(error.str())

    def _report(self, generation: int, ticket: int, error: KafkaError | None, _: object) -> None:
        if generation != self._generation or ticket not in self._waiting:
            return  # Of a client that was thrown away; its letters were sent again.
        if error is None:
            self._settle(ticket, None)
            self._calm()
            faults.point("acknowledged")
        elif (self._alone and error.code() in _TOO_LARGE) or error.code() == _NO_PARTITION:
            self._settle(ticket, error.str())
        else:
            self._alone_next |= error.code() in _TOO_LARGE
            self._fail(error.str())

    def _settle(self, ticket: int, reason: str | None) -> None:
        letter = self._waiting.pop(ticket)
        self._bytes -= len(letter.value)
        self._settled(letter, reason)

    def _client_error(self, error: KafkaError) -> None:
        if error.fatal():
            self._fail(error.str())
        elif error.code() == _ALL_DOWN:
            self._worry("Kafka cannot be reached")
        elif error.code() not in _EVERY_TRY:
            self._worry(error.str())

    def _fail(self, reason: str) -> None:
        if self._retry_at_s is None:
            self._retry_at_s = self._now_s() + RETRY_S
        self._worry(reason)

    def _start_again(self) -> None:
        self._generation += 1
        self._producer.purge()
        self._poll(0)  # Its reports are of an old generation: nobody listens.
        self._retry_at_s = None
        self._alone = self._alone_next
        self._producer = self._connect(self._client_error, self._alone)
        for ticket, letter in list(self._waiting.items()):
            if self._retry_at_s is None:  # A failure in between: nothing may pass it.
                self._produce(ticket, letter)

    def _worry(self, reason: str) -> None:
        if reason not in self._troubles and len(self._troubles) < SENTENCES_MAX:
            self._troubles.add(reason)
            self._say(f"{reason}; trying again, nothing is given up")

    def _calm(self) -> None:
        if self._troubles:
            self._troubles.clear()
            self._say("Kafka takes records again")
