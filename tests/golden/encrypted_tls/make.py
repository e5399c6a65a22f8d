"""TLS that stays closed: told once, told by the minute, cut off in the hello, without one."""

import struct
from typing import Any

from tests.golden.conversation import Conversation, save
from tests.golden.hello import client_hello

HELLO = client_hello(b"shop.example", b"h2")
SERVER_HELLO = b"\x02\0\0\x2e\x03\x03" + bytes(32) + b"\0\x13\x01\0\0\x06\0\x2b\0\x02\x03\x04"


def packets() -> list[Any]:
    every = [_short(), _long(), _cut(), _unanswered()]
    return sorted((p for talk in every for p in talk.packets), key=lambda packet: packet.time)


def record(kind: int, body: bytes) -> bytes:
    return struct.pack(">BHH", kind, 0x0303, len(body)) + body


def _greeted(port: int, start_s: float) -> Conversation:
    talk = Conversation(client=("10.0.0.1", port), server=("10.0.0.2", 443), start_s=start_s)
    talk.open()
    talk.send(record(22, HELLO))
    talk.answer(record(22, SERVER_HELLO) + record(20, b"\x01") + record(23, b"\x5a" * 800))
    return talk


def _short() -> Conversation:
    talk = _greeted(41_001, 0.0)
    talk.send(record(23, b"\x5a" * 200))
    talk.answer(record(23, b"\x5a" * 3_000))
    talk.close()
    return talk


def _long() -> Conversation:
    """Two minutes: a record each minute, and one at its end."""
    talk = _greeted(41_002, 0.0001)
    for _ in range(8):
        talk.wait(15.0)
        talk.send(record(23, b"\x5a" * 100))
        talk.answer(record(23, b"\x5a" * 1_000))
    talk.close()
    return talk


def _cut() -> Conversation:
    """The second half of the hello is lost: who is asked for is not known."""
    talk = Conversation(client=("10.0.0.1", 41_003), server=("10.0.0.2", 443), start_s=0.0002)
    talk.open()
    hello = record(22, HELLO)
    talk.send(hello[:60])
    talk.skip(0, hello[60:])
    talk.answer(record(22, SERVER_HELLO) + record(23, b"\x5a" * 500))
    talk.send(record(23, b"\x5a" * 100))
    talk.close()
    return talk


def _unanswered() -> Conversation:
    talk = Conversation(client=("10.0.0.1", 41_004), server=("10.0.0.2", 443), start_s=0.0003)
    talk.open()
    talk.send(record(22, HELLO))
    talk.close()
    return talk


if __name__ == "__main__":
    save(__file__, packets())
