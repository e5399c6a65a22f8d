"""Picked up in the middle: the table's beginning is unknown, what was added since is not."""

from typing import Any

from tests.golden import frames as h2
from tests.golden.conversation import Conversation, save

LAST = h2.END_STREAM | h2.END_HEADERS


def packets() -> list[Any]:
    talk = Conversation()
    for stream in (101, 103):
        host = h2.known(h2.FIRST_ADDED + 7)
        if stream == 101:
            agent = h2.added(b"user-agent", b"probe")
            path = h2.plain(h2.PATH, b"/orders?page=1")
        else:
            agent, path = h2.known(h2.FIRST_ADDED), h2.ROOT
        talk.send(h2.frame(h2.HEADERS, LAST, stream, h2.GET + h2.HTTP + path + host + agent))
        talk.answer(h2.frame(h2.HEADERS, h2.END_HEADERS, stream, h2.OK))
        talk.answer(h2.frame(h2.DATA, h2.END_STREAM, stream, b"[]"))
    talk.close()
    return talk.packets


if __name__ == "__main__":
    save(__file__, packets())
