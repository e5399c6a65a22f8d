"""Two requests sent at once; the segments of both directions arrive shuffled."""

from typing import Any

from tests.golden.conversation import Conversation, request, response, save


def packets() -> list[Any]:
    talk = Conversation()
    talk.open()
    talk.send(request(b"/first") + request(b"/second"), mss=30)
    talk.answer(response(b"one") + response(b"two", b"X-Which: second"), mss=25)
    talk.close()
    opening, middle, closing = talk.packets[:3], talk.packets[3:-3], talk.packets[-3:]
    return opening + middle[1::2] + closing[:1] + middle[::2] + closing[1:]


if __name__ == "__main__":
    save(__file__, packets())
