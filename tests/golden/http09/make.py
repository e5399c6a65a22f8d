"""HTTP/0.9: a line, and bytes until close."""

from typing import Any

from tests.golden.conversation import Conversation, save


def packets() -> list[Any]:
    talk = Conversation()
    talk.open()
    talk.send(b"GET /plain\r\n")
    talk.answer(b"just text, no head\n")
    talk.close()
    return talk.packets


if __name__ == "__main__":
    save(__file__, packets())
