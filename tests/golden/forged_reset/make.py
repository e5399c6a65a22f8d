"""A reset that the server did not believe: the connection goes on."""

from typing import Any

from tests.golden.conversation import Conversation, request, response, save


def packets() -> list[Any]:
    talk = Conversation()
    talk.open()
    talk.raw(0, "RA", b"")
    talk.send(request(b"/still-here"))
    talk.answer(response(b"yes"))
    talk.close()
    return talk.packets


if __name__ == "__main__":
    save(__file__, packets())
