"""Chunks with extensions and trailers, cut in every place by small segments."""

from typing import Any

from tests.golden.conversation import Conversation, request, response, save


def packets() -> list[Any]:
    talk = Conversation()
    talk.open()
    talk.send(
        b"POST /c HTTP/1.1\r\nHost: shop.example\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"4;name=value\r\nWiki\r\n005\r\npedia\r\n0\r\nX-Sum: 9\r\n\r\n",
        mss=7,
    )
    talk.answer(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nA\r\n0123456789\r\n0\r\n\r\n", mss=3
    )
    talk.send(request(b"/after"))
    talk.answer(response(b"after"))
    talk.close()
    return talk.packets


if __name__ == "__main__":
    save(__file__, packets())
