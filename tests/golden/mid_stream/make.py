"""The tap begins inside a download; the requests behind it are whole."""

from typing import Any

from tests.golden.conversation import Conversation, request, response, save


def packets() -> list[Any]:
    talk = Conversation()
    talk.open()
    talk.send(request(b"/before"))
    talk.answer(response(b"b" * 5_000))
    talk.send(request(b"/seen"))
    talk.answer(response(b"seen"))
    talk.send(request(b"/seen/too"))
    talk.answer(response(b"seen too"))
    talk.close()
    return talk.packets[6:]


if __name__ == "__main__":
    save(__file__, packets())
