"""A WebSocket with holes: in a payload, over a frame's end, and in what a later message refers to.

Parts go out a minute after their first message; behind a hole a packet is read whose frames reach
its end.
"""

from typing import Any

from tests.golden.conversation import Conversation, save
from tests.golden.socket_frames import Deflater, accept, ask, frame

DEFLATE = b"Sec-WebSocket-Extensions: permessage-deflate"
SAID = b'{"say": "good morning, this is a message", "room": 1}'


def packets() -> list[Any]:
    talk = Conversation()
    server = Deflater()
    talk.open()
    talk.send(ask(b"/chat", DEFLATE))
    talk.answer(accept(DEFLATE))
    # In a payload: what is behind the hole keeps its place under the mask.
    whole = frame(b"0123456789" * 20, mask=b"abcd")
    talk.send(whole[:60])
    talk.skip(0, whole[60:101])
    talk.send(whole[101:])
    # A compressed message is lost with its frame: what refers to it stays as sent, until the
    # sender refers to nothing that was lost.
    talk.skip(1, frame(server.deflate(SAID), compressed=True))
    talk.answer(frame(server.deflate(SAID), compressed=True))
    talk.answer(frame(Deflater().deflate(b"alone"), compressed=True))
    talk.ack(0)
    talk.wait(61)
    # Over the end of a frame: nothing is believed until frames reach the end of a packet.
    talk.send(frame(b"y" * 300, mask=b"efgh")[:200])
    talk.skip(0, b"?" * 150)
    talk.send(b"\x81\x8ajunk that is no frame")
    talk.send(frame(b"found again", mask=b"ijkl") + frame(b"", mask=b"mnop", opcode=9))
    talk.ack(1)
    talk.close()
    return talk.packets


if __name__ == "__main__":
    save(__file__, packets())
