"""A response nobody asked for, and one before its request was whole."""

from typing import Any

from tests.golden.conversation import Conversation, response, save


def packets() -> list[Any]:
    talk = Conversation()
    talk.open()
    talk.answer(response(b"too early", status=b"408 Request Timeout"))
    talk.send(b"POST /large HTTP/1.1\r\nHost: shop.example\r\nContent-Length: 20\r\n\r\n0123456789")
    talk.answer(response(b"", status=b"413 Content Too Large"))
    talk.send(b"0123456789")
    talk.close()
    return talk.packets


if __name__ == "__main__":
    save(__file__, packets())
