"""Content-Length and Transfer-Encoding together.

Chunks win (RFC 9112 §6.3), and what follows is a second request.
"""

from typing import Any

from tests.golden.conversation import Conversation, response, save


def packets() -> list[Any]:
    talk = Conversation()
    talk.open()
    talk.send(
        b"POST /outer HTTP/1.1\r\nHost: shop.example\r\nContent-Length: 60\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n"
        b"0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: shop.example\r\n\r\n"
    )
    talk.answer(response(b"outer") + response(b"smuggled", status=b"403 Forbidden"))
    talk.close()
    return talk.packets


if __name__ == "__main__":
    save(__file__, packets())
