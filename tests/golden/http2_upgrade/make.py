"""h2c: the request that asks for the change gets a 101, and its answer on stream 1."""

from typing import Any

from tests.golden import frames as h2
from tests.golden.conversation import Conversation, request, save

LAST = h2.END_STREAM | h2.END_HEADERS


def packets() -> list[Any]:
    talk = Conversation()
    talk.open()
    asks = (b"Connection: Upgrade, HTTP2-Settings", b"Upgrade: h2c", b"HTTP2-Settings: AAEAAQAA")
    talk.send(request(b"/first", *asks))
    talk.answer(b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n")
    talk.answer(h2.frame(h2.SETTINGS, 0, 0))
    talk.send(h2.PREFACE + h2.frame(h2.SETTINGS, 0, 0))
    talk.answer(h2.frame(h2.HEADERS, h2.END_HEADERS, 1, h2.OK))
    talk.answer(h2.frame(h2.DATA, h2.END_STREAM, 1, b"the first"))
    second = h2.GET + h2.HTTP + h2.ROOT + h2.plain(h2.AUTHORITY, b"shop.example")
    talk.send(h2.frame(h2.HEADERS, LAST, 3, second))
    talk.answer(h2.frame(h2.HEADERS, LAST, 3, h2.NO_CONTENT))
    talk.close()
    return talk.packets


if __name__ == "__main__":
    save(__file__, packets())
