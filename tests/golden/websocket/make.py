"""A chat: compressed with a shared window, in fragments with a ping between, closed."""

from typing import Any

from tests.golden.conversation import Conversation, save
from tests.golden.socket_frames import Deflater, accept, ask, frame

DEFLATE = b"Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover"


def packets() -> list[Any]:
    talk = Conversation()
    client, server = Deflater(), Deflater(alone=True)
    talk.open()
    talk.send(ask(b"/chat?room=1", DEFLATE))
    # The server speaks at once, in the packet of its handshake.
    talk.answer(accept(DEFLATE) + frame(b"welcome to the room"))
    said = b'{"say": "good morning, this is a message", "room": 1}'
    for text in (said, said.replace(b"1", b"2")):
        talk.send(frame(client.deflate(text), mask=b"\x12\x34\x56\x78", compressed=True))
        talk.answer(frame(server.deflate(text), compressed=True))
    talk.send(frame(b"frag", mask=b"abcd", fin=False))
    talk.send(frame(b"are you there", mask=b"efgh", opcode=9))
    talk.answer(frame(b"are you there", opcode=10))
    # A header in two segments, and a payload in three.
    last = frame(b"ments" + bytes(range(256)), mask=b"ijkl", opcode=0)
    for at, end in ((0, 3), (3, 10), (10, 50), (50, len(last))):
        talk.send(last[at:end])
    talk.answer(frame(b"x" * 70_000, opcode=2))
    talk.send(frame(b"\x03\xe8bye", mask=b"mnop", opcode=8))
    talk.answer(frame(b"\x03\xe8", opcode=8))
    talk.close()
    return talk.packets


if __name__ == "__main__":
    save(__file__, packets())
