"""A 100 is seen and the final response behind it is lost: the 100 says nothing of the next one."""

from typing import Any

from tests.golden.conversation import Conversation, request, response, save

EXPECT = (b"Expect: 100-continue", b"Content-Length: 3")


def packets() -> list[Any]:
    talk = Conversation()
    talk.open()
    talk.send(request(b"/1", *EXPECT, method=b"POST"))
    talk.answer(b"HTTP/1.1 100 Continue\r\n\r\n")
    talk.send(b"one")
    talk.skip(1, response(b"first"))
    talk.send(request(b"/2", method=b"POST", body=b"two"))
    talk.answer(response(b"second"))
    talk.close()
    return talk.packets


if __name__ == "__main__":
    save(__file__, packets())
