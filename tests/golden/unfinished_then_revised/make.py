"""A slow answer: the request goes out after five seconds, the response with revision 1."""

from typing import Any

from tests.golden.conversation import Conversation, request, response, save


def packets() -> list[Any]:
    talk = Conversation()
    talk.open()
    talk.send(request(b"/slow"))
    talk.wait(8)
    talk.answer(response(b"at last")[:60])
    talk.wait(8)
    talk.answer(response(b"at last")[60:] + b"")
    talk.close()
    other = Conversation(client=("10.0.0.3", 41000), start_s=6)
    other.open()
    return sorted(talk.packets + other.packets, key=lambda packet: packet.time)


if __name__ == "__main__":
    save(__file__, packets())
