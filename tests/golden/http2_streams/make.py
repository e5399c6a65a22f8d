"""Streams that overlap: padding, priority, CONTINUATION, interim head, gRPC trailers, reset, push.

A table entry of the first request names the host of the later ones; the second response is gzip.
"""

import gzip
from typing import Any

from tests.golden import frames as h2
from tests.golden.conversation import Conversation, save

AUTHORITY = h2.added(h2.AUTHORITY, b"shop.example:8080")
LAST = h2.END_STREAM | h2.END_HEADERS


def packets() -> list[Any]:
    talk = Conversation()
    talk.open()
    talk.send(h2.PREFACE + h2.frame(h2.SETTINGS, 0, 0, b"\0\x01\0\x01\0\0"))
    talk.answer(h2.frame(h2.SETTINGS, 0, 0) + h2.frame(h2.SETTINGS, h2.ACK, 0))
    ask(talk)
    answer(talk)
    push_and_reset(talk)
    talk.answer(h2.frame(h2.GOAWAY, 0, 0, bytes(8)))
    talk.close()
    return talk.packets


def ask(talk: Conversation) -> None:
    """A page, and a call whose body comes in padded pieces around it."""
    call = h2.POST + h2.HTTP + h2.added(h2.PATH, b"/shop.Cart/Add") + AUTHORITY
    fields = h2.plain(b"te", b"trailers") + h2.added(h2.CONTENT_TYPE, b"application/grpc")
    block = h2.frame(h2.HEADERS, h2.PRIORITY | h2.PADDED, 1, h2.padded(bytes(5) + call, 3))
    talk.send(block + h2.frame(h2.CONTINUATION, h2.END_HEADERS, 1, fields))
    talk.send(h2.frame(h2.DATA, h2.PADDED, 1, h2.padded(b"\0\0\0\0\x04ab", 4)))
    page = h2.GET + h2.HTTP + h2.ROOT + h2.known(h2.FIRST_ADDED + 1)
    talk.send(h2.frame(h2.HEADERS, LAST, 3, page))
    talk.send(h2.frame(h2.DATA, 0, 1, b"cd") + h2.frame(h2.DATA, h2.END_STREAM, 1))


def answer(talk: Conversation) -> None:
    """The page first, in pieces around the call's answer."""
    body = gzip.compress(b"<html>hello</html>", mtime=0)
    talk.answer(h2.frame(h2.HEADERS, h2.END_HEADERS, 3, h2.plain(8, b"103")))
    head = h2.OK + h2.added(h2.CONTENT_ENCODING, b"gzip")
    talk.answer(h2.frame(h2.HEADERS, h2.END_HEADERS, 3, head) + h2.frame(h2.DATA, 0, 3, body[:9]))
    call = h2.OK + h2.added(h2.CONTENT_TYPE, b"application/grpc")
    talk.answer(h2.frame(h2.HEADERS, h2.END_HEADERS, 1, call))
    talk.answer(h2.frame(h2.DATA, 0, 1, b"\0\0\0\0\0"))
    talk.answer(h2.frame(h2.DATA, h2.END_STREAM, 3, body[9:]))
    talk.answer(h2.frame(h2.HEADERS, LAST, 1, h2.plain(b"grpc-status", b"0")))


def push_and_reset(talk: Conversation) -> None:
    """A page that brings a style sheet with it and is given up by the client."""
    page = h2.GET + h2.HTTP + h2.plain(h2.PATH, b"/slow") + h2.known(h2.FIRST_ADDED + 1)
    talk.send(h2.frame(h2.HEADERS, LAST, 5, page))
    promise = h2.GET + h2.HTTP + h2.plain(h2.PATH, b"/style.css") + AUTHORITY
    talk.answer(h2.frame(h2.PUSH_PROMISE, h2.END_HEADERS, 5, b"\0\0\0\x02" + promise))
    talk.answer(h2.frame(h2.HEADERS, h2.END_HEADERS, 2, h2.OK))
    talk.answer(h2.frame(h2.DATA, h2.END_STREAM, 2, b"a{}"))
    talk.answer(h2.frame(h2.HEADERS, h2.END_HEADERS, 5, h2.OK) + h2.frame(h2.DATA, 0, 5, b"half"))
    talk.send(h2.frame(h2.RST_STREAM, 0, 5, b"\0\0\0\x08"))


if __name__ == "__main__":
    save(__file__, packets())
