"""The server's FIN is lost; the client acknowledges it: the body until close ends there."""

from typing import Any

from tests.golden.conversation import Conversation, save


def packets() -> list[Any]:
    talk = Conversation()
    talk.open()
    talk.send(b"GET /old HTTP/1.0\r\n\r\n")
    talk.answer(b"HTTP/1.0 200 OK\r\n\r\nuntil the end")
    talk.close()
    del talk.packets[5]
    return talk.packets


if __name__ == "__main__":
    save(__file__, packets())
