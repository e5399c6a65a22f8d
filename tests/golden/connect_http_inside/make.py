"""A granted CONNECT with HTTP inside: both are exchanges."""

from typing import Any

from tests.golden.conversation import Conversation, request, response, save


def packets() -> list[Any]:
    talk = Conversation(server=("10.0.0.2", 3128))
    talk.open()
    talk.send(b"CONNECT inner.example:80 HTTP/1.1\r\nHost: inner.example:80\r\n\r\n")
    talk.answer(b"HTTP/1.1 200 Connection established\r\n\r\n")
    talk.send(request(b"/inside"))
    talk.answer(response(b"inside"))
    talk.close()
    return talk.packets


if __name__ == "__main__":
    save(__file__, packets())
