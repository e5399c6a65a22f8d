"""Keep-alive, and the second request is lost: its response is an orphan."""

from typing import Any

from tests.golden.conversation import Conversation, request, response, save


def packets() -> list[Any]:
    talk = Conversation()
    talk.open()
    talk.send(request(b"/1"))
    talk.answer(response(b"one"))
    talk.skip(0, request(b"/2"))
    talk.answer(response(b"two", status=b"404 Not Found"))
    talk.send(request(b"/3"))
    talk.answer(response(b"three"))
    talk.close()
    return talk.packets


if __name__ == "__main__":
    save(__file__, packets())
