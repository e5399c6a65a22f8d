"""A segment of a body is lost: the message stays, and says what is missing."""

from typing import Any

from tests.golden.conversation import Conversation, request, response, save


def packets() -> list[Any]:
    talk = Conversation()
    talk.open()
    talk.send(request(b"/big"))
    talk.answer(response(b"x" * 3_000), mss=500)
    talk.ack(0)
    talk.send(request(b"/next"))
    talk.answer(response(b"next"))
    talk.close()
    del talk.packets[6]
    return talk.packets


if __name__ == "__main__":
    save(__file__, packets())
