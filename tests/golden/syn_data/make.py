"""TCP fast open: the request rides on the SYN."""

from typing import Any

from tests.golden.conversation import Conversation, request, response, save


def packets() -> list[Any]:
    talk = Conversation()
    talk.open(request(b"/fast"))
    talk.answer(response(b"open"))
    talk.close()
    return talk.packets


if __name__ == "__main__":
    save(__file__, packets())
