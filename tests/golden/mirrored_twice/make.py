"""Each packet is captured twice, the copies a second later: one exchange each."""

from typing import Any

from tests.golden.conversation import Conversation, request, response, save


def packets() -> list[Any]:
    talk = Conversation()
    talk.open()
    for name in (b"/a", b"/b"):
        talk.send(request(name))
        talk.answer(response(name))
    talk.close()
    copies = [packet.copy() for packet in talk.packets]
    for packet in copies:
        packet.time += 1
    return talk.packets + copies


if __name__ == "__main__":
    save(__file__, packets())
