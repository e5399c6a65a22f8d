"""SOCKS5 with a login, and HTTP behind it."""

from typing import Any

from tests.golden.conversation import Conversation, request, response, save


def packets() -> list[Any]:
    talk = Conversation(server=("10.0.0.2", 1080))
    talk.open()
    talk.send(b"\x05\x01\x02")
    talk.answer(b"\x05\x02")
    talk.send(b"\x01\x02me\x06secret")
    talk.answer(b"\x01\x00")
    talk.send(b"\x05\x01\x00\x03\x0cshop.example\x00\x50")
    talk.answer(b"\x05\x00\x00\x01\x0a\x00\x00\x09\x00\x50")
    talk.send(request(b"/behind"))
    talk.answer(response(b"the proxy"))
    talk.close()
    return talk.packets


if __name__ == "__main__":
    save(__file__, packets())
