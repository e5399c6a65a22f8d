"""A probe repeats the last byte, another sends a byte of rubbish there: neither is data."""

from typing import Any

from tests.golden.conversation import Conversation, request, response, save


def packets() -> list[Any]:
    talk = Conversation()
    talk.open()
    talk.send(request(b"/one"))
    talk.answer(response(b"1"))
    talk.wait(45)
    talk.raw(0, "A", b"", back=1)
    talk.raw(1, "A", b"")
    talk.raw(0, "A", b"\0", back=1)
    talk.raw(1, "A", b"")
    talk.send(request(b"/two"))
    talk.answer(response(b"2"))
    talk.close()
    return talk.packets


if __name__ == "__main__":
    save(__file__, packets())
