"""Lost packets: inside a DATA frame they are counted; a lost head leaves later fields unknown."""

from typing import Any

from tests.golden import frames as h2
from tests.golden.conversation import Conversation, save

LAST = h2.END_STREAM | h2.END_HEADERS
PIECE_BYTES = 1_000


def packets() -> list[Any]:
    talk = Conversation()
    talk.open()
    talk.send(h2.PREFACE + h2.frame(h2.SETTINGS, 0, 0))
    talk.answer(h2.frame(h2.SETTINGS, 0, 0))
    host = h2.added(h2.AUTHORITY, b"shop.example")
    talk.send(h2.frame(h2.HEADERS, LAST, 1, h2.GET + h2.HTTP + h2.ROOT + host))
    talk.answer(h2.frame(h2.HEADERS, h2.END_HEADERS, 1, h2.OK + h2.added(b"x-a", b"1")))
    data = h2.frame(h2.DATA, h2.END_STREAM, 1, b"d" * 3 * PIECE_BYTES)
    talk.answer(data[:PIECE_BYTES])
    talk.skip(1, data[PIECE_BYTES : 2 * PIECE_BYTES])
    talk.answer(data[2 * PIECE_BYTES :])
    lost_and_found(talk)
    talk.close()
    return talk.packets


def lost_and_found(talk: Conversation) -> None:
    """A response's head is lost, and with it what it added to the table."""
    known = h2.known(h2.FIRST_ADDED)
    for stream, path in ((3, b"/lost"), (5, b"/found")):
        block = h2.GET + h2.HTTP + h2.plain(h2.PATH, path) + known
        talk.send(h2.frame(h2.HEADERS, LAST, stream, block))
        if stream == 3:
            talk.skip(1, h2.frame(h2.HEADERS, LAST, 3, h2.OK + h2.added(b"x-b", b"2")))
            talk.wait(3.0)
        else:
            fields = h2.NOT_FOUND + known + h2.plain(b"x-c", b"3")
            talk.answer(h2.frame(h2.HEADERS, LAST, stream, fields))


if __name__ == "__main__":
    save(__file__, packets())
