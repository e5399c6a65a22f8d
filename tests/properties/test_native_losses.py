"""Conversations that are made up, with packets lost at random: no pair that was not there.

The client waits for each answer, as browsers do; requests and responses come in every framing, in
packets of any size, with interim responses and bare ACKs between them.
"""

import random
from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st
from sidetap_native import Exchange

from tests.golden.lines import Made, reassemble
from tests.packet_blocks import FIN, START_US, SYN, Packet, blocks, segment

HINTS = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


@dataclass(slots=True)
class Talk:
    """A dialogue and the (request, response) positions that belong together."""

    dice: random.Random
    packets: list[Packet] = field(default_factory=list)
    pairs: set[tuple[int, int]] = field(default_factory=set)
    next: list[int] = field(default_factory=lambda: [1_000, 500_000])
    at_us: int = START_US

    def packet(self, end: int, data: bytes = b"", flags: int = 0) -> None:
        self.at_us += self.dice.randrange(100, 200_000)
        ack = None if flags == SYN and end == 0 else self.next[1 - end]
        self.packets.append(
            segment(
                data, at_us=self.at_us, to_server=end == 0, seq=self.next[end], ack=ack, flags=flags
            )
        )
        self.next[end] += len(data) + bool(flags)

    def say(self, end: int, data: bytes) -> None:
        mss = self.dice.choice([60, 200, 1460])
        for at in range(0, len(data), mss):
            self.packet(end, data[at : at + mss])
            if self.dice.random() < 0.5:
                self.packet(1 - end)

    def body(self) -> bytes:
        return bytes(self.dice.choices(b"abCD ", k=self.dice.choice([1, 10, 100, 700])))

    def ask(self) -> str:
        """Sends a request of some kind, and says which."""
        kind = self.dice.choice(["GET", "HEAD", "POST", "chunked", "expect"])
        method = kind if kind in {"GET", "HEAD"} else "POST"
        head = f"{method} /{self.dice.randrange(1_000)} HTTP/1.1\r\nHost: shop.example\r\n".encode()
        body = self.body()
        if kind == "chunked":
            self.say(0, head + b"Transfer-Encoding: chunked\r\n\r\n" + chunked(body))
        elif kind == "POST":
            self.say(0, head + sized(body))
        elif kind == "expect":
            self.say(0, head + b"Expect: 100-continue\r\n" + sized(body)[: -len(body)])
            self.say(1, CONTINUE)
            self.say(0, body)
        else:
            self.say(0, head + b"\r\n")
        return kind

    def exchange(self) -> None:
        asked_at = self.next[0]
        kind = self.ask()
        if self.dice.random() < 0.1:
            self.say(1, HINTS)
        self.pairs.add((asked_at, self.next[1]))
        body = self.body()
        whole = self.dice.choice([b"200 OK\r\n" + sized(body), b"204 No Content\r\n\r\n"])
        if kind == "HEAD":
            whole = whole.removesuffix(body)
        self.say(1, b"HTTP/1.1 " + whole)


def sized(body: bytes) -> bytes:
    return b"Content-Length: %d\r\n\r\n%s" % (len(body), body)


def chunked(body: bytes) -> bytes:
    return b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)


def conversation(dice: random.Random) -> Talk:
    talk = Talk(dice)
    talk.packet(0, flags=SYN)
    talk.packet(1, flags=SYN)
    for _ in range(dice.randrange(1, 9)):
        talk.exchange()
    talk.packet(1, flags=FIN)
    talk.packet(0, flags=FIN)
    return talk


def paired(made: Made) -> set[tuple[int | None, int | None]]:
    exchanges = map(Exchange, made.exchanges)
    return {
        (each.request_seq, each.response_seq)
        for each in exchanges
        if each.request is not None and each.response is not None
    }


@given(st.randoms(use_true_random=False), st.sampled_from([0.01, 0.05, 0.2]))
@settings(max_examples=40, deadline=None)
def test_a_pair_found_behind_lost_packets_was_there(dice: random.Random, loss: float) -> None:
    talk = conversation(dice)
    assert paired(reassemble(blocks(talk.packets))) == talk.pairs
    seen = [packet for packet in talk.packets if dice.random() >= loss]
    assert paired(reassemble(blocks(seen))) <= talk.pairs
    assert paired(reassemble(blocks(seen[len(seen) // 2 :]))) <= talk.pairs
