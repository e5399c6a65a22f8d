"""Only the server's packets are seen: responses without requests."""

from typing import Any

from tests.golden.conversation import Conversation, request, response, save


def packets() -> list[Any]:
    talk = Conversation()
    talk.open()
    for name in (b"/a", b"/b"):
        talk.send(request(name))
        talk.answer(response(name))
    talk.close()
    return [packet for packet in talk.packets if packet.sport == 80]


if __name__ == "__main__":
    save(__file__, packets())
