"""No target, no version, half a version, a method that is none: each keeps its exchange."""

from typing import Any

from tests.golden.conversation import Conversation, response, save


def packets() -> list[Any]:
    talk = Conversation()
    talk.open()
    lines = (
        b"GET HTTP/1.1",
        b"OPTIONS / HTTP/1.",
        b"GET  /two  blanks HTTP/1.1",
        b"G@T / HTTP/1.1",
    )
    for line in lines:
        talk.send(line + b"\r\nHost: shop.example\r\n\r\n")
        talk.answer(response(b"", status=b"400 Bad Request"))
    talk.close()
    return talk.packets


if __name__ == "__main__":
    save(__file__, packets())
