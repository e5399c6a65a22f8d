"""HEAD, 204 and 304 have no body, whatever Content-Length says."""

from typing import Any

from tests.golden.conversation import Conversation, request, response, save


def packets() -> list[Any]:
    talk = Conversation()
    talk.open()
    talk.send(request(b"/h", method=b"HEAD"))
    talk.answer(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    talk.send(request(b"/n", method=b"DELETE"))
    talk.answer(b"HTTP/1.1 204 No Content\r\n\r\n")
    talk.send(request(b"/m", b'If-None-Match: "a"'))
    talk.answer(b"HTTP/1.1 304 Not Modified\r\nContent-Length: 500\r\n\r\n")
    talk.send(request(b"/last"))
    talk.answer(response(b"last"))
    talk.close()
    return talk.packets


if __name__ == "__main__":
    save(__file__, packets())
