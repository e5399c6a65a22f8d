"""A segment inside a request's head is lost.

What was seen is told, the next request is whole.
"""

from typing import Any

from tests.golden.conversation import Conversation, request, response, save


def packets() -> list[Any]:
    talk = Conversation()
    talk.open()
    talk.send(request(b"/holed", b"X-Long: " + b"h" * 200), mss=60)
    talk.answer(response(b"one"))
    talk.send(request(b"/whole"))
    talk.answer(response(b"two"))
    talk.close()
    del talk.packets[5]
    return talk.packets


if __name__ == "__main__":
    save(__file__, packets())
