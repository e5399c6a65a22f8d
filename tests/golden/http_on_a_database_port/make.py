"""HTTP where PostgreSQL listens, and PostgreSQL where HTTP does: content decides, no port."""

import struct
from typing import Any

from tests.golden.conversation import Conversation, request, response, save

DATABASE = ("10.0.0.2", 5_432)


def packets() -> list[Any]:
    web = Conversation(client=("10.0.0.1", 40_001), server=DATABASE)
    web.open()
    web.send(request(b"/query", body=b"SELECT 1"))
    web.answer(response(b"one"))
    web.close()
    sql = Conversation(client=("10.0.0.1", 40_002), start_s=0.1)
    sql.open()
    sql.send(_startup())
    sql.answer(b"R\0\0\0\x08\0\0\0\0Z\0\0\0\x05I")
    # A query and a row that look like HTTP.
    sql.send(_message(b"Q", b"GET / HTTP/1.1\r\nHost: shop.example\r\n\r\n\0"))
    row = b"HTTP/1.1 200 OK\r\n\r\n"
    sql.answer(_message(b"D", struct.pack(">HI", 1, len(row)) + row) + _message(b"Z", b"I"))
    sql.close()
    # It may ask for TLS first, which is refused here.
    asked = Conversation(client=("10.0.0.1", 40_003), server=DATABASE, start_s=0.2)
    asked.open()
    asked.send(struct.pack(">II", 8, 80_877_103))
    asked.answer(b"N")
    asked.send(_startup())
    asked.close()
    return [*web.packets, *sql.packets, *asked.packets]


def _startup() -> bytes:
    said = b"user\0shop\0database\0shop\0\0"
    return struct.pack(">II", 8 + len(said), 196_608) + said


def _message(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack(">I", len(body) + 4) + body


if __name__ == "__main__":
    save(__file__, packets())
