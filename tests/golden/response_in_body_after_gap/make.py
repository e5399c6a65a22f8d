"""A response's head is lost, and its body goes on with another response's text: no pair."""

from typing import Any

from tests.golden.conversation import Conversation, request, response, save


def packets() -> list[Any]:
    talk = Conversation()
    talk.open()
    talk.send(request(b"/log"))
    logged = b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 4\r\n\r\noops"
    whole = response(logged)
    talk.skip(1, whole[: -len(logged)])
    talk.answer(logged)
    talk.send(request(b"/next"))
    talk.answer(response(b"next"))
    talk.close()
    return talk.packets


if __name__ == "__main__":
    save(__file__, packets())
