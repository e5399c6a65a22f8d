"""A WebSocket frame of a kind that is none: what came before it is told, and the damage."""

from typing import Any

from tests.golden.conversation import Conversation, save
from tests.golden.socket_frames import accept, ask, frame


def packets() -> list[Any]:
    talk = Conversation()
    talk.open()
    talk.send(ask(b"/chat"))
    talk.answer(accept())
    talk.send(frame(b"good morning", mask=b"abcd"))
    talk.send(frame(b"what is this", mask=b"efgh", opcode=5))
    talk.ack(1)
    talk.close()
    return talk.packets


if __name__ == "__main__":
    save(__file__, packets())
