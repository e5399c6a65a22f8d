"""More header fields than are kept: the last one, which is not, still says where the body ends."""

from typing import Any

from tests.golden.conversation import Conversation, response, save


def packets() -> list[Any]:
    talk = Conversation()
    talk.open()
    fields = b"a:\r\n" * 1_000
    talk.send(b"POST /h HTTP/1.1\r\nHost: h\r\n" + fields + b"Content-Length: 3\r\n\r\nabc")
    talk.answer(response(b"ok"))
    talk.close()
    return talk.packets


if __name__ == "__main__":
    save(__file__, packets())
