"""A WebSocket upgrade: one exchange with 101; the frames are not HTTP/1."""

from typing import Any

from tests.golden.conversation import Conversation, request, save


def packets() -> list[Any]:
    talk = Conversation()
    talk.open()
    talk.send(request(b"/ws", b"Connection: Upgrade", b"Upgrade: websocket"))
    talk.answer(
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"
    )
    talk.send(b"\x81\x85\0\0\0\0hello")
    talk.answer(b"\x81\x05hello")
    talk.close()
    return talk.packets


if __name__ == "__main__":
    save(__file__, packets())
