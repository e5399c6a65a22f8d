"""Lost, repeated and overlapping packets, made by who knows every byte: each cause is its own.

The generator keeps a byte-by-byte model of a receiver; the ledger must say the same of each cause.
"""

import random
from dataclasses import dataclass, field

import pytest

from tests.golden.lines import ledger_sums, reassemble
from tests.packet_blocks import FIN, START_US, SYN, Packet, blocks, segment

PATTERNS = 200
BODY_BYTES = 6_000
CLIENT, SERVER = 1_000, 500_000
HEAD = b"POST /up HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n" % BODY_BYTES
ANSWER = b"HTTP/1.1 204 No Content\r\n\r\n"


@dataclass(slots=True)
class Sender:
    """What is sent, and what a receiver has done with each byte."""

    dice: random.Random
    data: bytes
    packets: list[Packet] = field(default_factory=list)
    next: int = 0
    waiting: set[int] = field(default_factory=set)
    entered: int = 0
    causes: dict[str, int] = field(default_factory=dict)

    def packet(self, *, seq: int, ack: int | None, **rest: object) -> None:
        at_us = START_US + 1_000 * len(self.packets)
        self.packets.append(segment(at_us=at_us, seq=seq, ack=ack, **rest))  # type: ignore[arg-type]

    def arrive(self, start: int, end: int, *, is_over: bool = False) -> None:
        """These bytes of the request reach the tap."""
        self.packet(seq=CLIENT + 1 + start, ack=SERVER + 1, data=self.data[start:end])
        self.entered += end - start
        # One byte in front of what is next may be a keep-alive probe, whose byte means nothing.
        is_unchecked = is_over or start == self.next - 1
        for at in range(start, end):
            if at < self.next:
                self.count("duplicate_unchecked" if is_unchecked else "duplicate", 1)
            elif at in self.waiting:
                self.count("overlap", 1)
            else:
                self.waiting.add(at)
        while self.next in self.waiting:
            self.waiting.remove(self.next)
            self.next += 1

    def count(self, cause: str, amount: int) -> None:
        self.causes[cause] = self.causes.get(cause, 0) + amount


def sent(dice: random.Random) -> Sender:
    """One request in packets that are lost, repeated, overlapping, and its answer."""
    talk = Sender(dice, HEAD + bytes(dice.randbytes(BODY_BYTES)))
    talk.packet(seq=CLIENT, ack=None, flags=SYN)
    talk.packet(seq=SERVER, ack=CLIENT + 1, to_server=False, flags=SYN)
    talk.arrive(0, len(HEAD))
    bounds = [len(HEAD), *sorted(dice.sample(range(len(HEAD) + 1, len(talk.data)), 30))]
    pieces = list(zip(bounds, [*bounds[1:], len(talk.data)], strict=True))
    lost = {piece for piece in pieces if dice.random() < dice.choice([0, 0.1, 0.3])}
    kept = [piece for piece in pieces if piece not in lost]
    for start, end in sorted(kept, key=lambda piece: piece[0] + dice.randrange(600)):
        talk.arrive(start, end)
        if dice.random() < 0.3:
            talk.arrive(start, end)
        if dice.random() < 0.2 and start - 40 >= len(HEAD):
            talk.arrive(start - 40, end)
    if missing := len(talk.data) - talk.next - len(talk.waiting):
        talk.count("gap", missing)
    whole = CLIENT + 1 + len(talk.data)
    talk.packet(seq=SERVER + 1, ack=whole, to_server=False, data=ANSWER)
    talk.entered += len(ANSWER)
    if not lost:
        talk.arrive(*kept[0], is_over=True)
    talk.packet(seq=SERVER + 1 + len(ANSWER), ack=whole, to_server=False, flags=FIN)
    talk.packet(seq=whole, ack=SERVER + 2 + len(ANSWER), flags=FIN)
    return talk


@pytest.mark.parametrize("tens", range(PATTERNS // 10))
def test_each_cause_is_what_the_generator_did(tens: int) -> None:
    for seed in range(10 * tens, 10 * tens + 10):
        talk = sent(random.Random(seed))
        layer = ledger_sums(reassemble(blocks(talk.packets)).ledger)["reassembly"]
        said = {**layer["dropped"], **layer["missing"]}
        assert said == talk.causes, seed
        assert (layer["entered"], layer["residual"], layer["held"]) == (talk.entered, 0, 0), seed


def test_the_patterns_have_every_cause() -> None:
    seen = {cause for seed in range(PATTERNS) for cause in sent(random.Random(seed)).causes}
    assert seen == {"duplicate", "duplicate_unchecked", "overlap", "gap"}
