"""Two taps with a skew: every answer is captured before its request. The ACK tells."""

from typing import Any

from tests.golden.conversation import Conversation, request, response, save


def packets() -> list[Any]:
    talk = Conversation()
    talk.open()
    for name in (b"/a", b"/b", b"/c"):
        talk.send(request(name))
        talk.answer(response(name))
    talk.close()
    order = [0, 1, 2, 4, 3, 6, 5, 8, 7, 9, 10, 11]
    return [talk.packets[at] for at in order]


if __name__ == "__main__":
    save(__file__, packets())
