"""Keep-alive, and the second response is lost whole: the third must not slip into its place."""

from typing import Any

from tests.golden.conversation import Conversation, request, response, save


def packets() -> list[Any]:
    talk = Conversation()
    talk.open()
    talk.send(request(b"/1"))
    talk.answer(response(b"one"))
    talk.send(request(b"/2"))
    talk.skip(1, response(b"two"))
    talk.send(request(b"/3"))
    talk.answer(response(b"three"))
    talk.close()
    return talk.packets


if __name__ == "__main__":
    save(__file__, packets())
