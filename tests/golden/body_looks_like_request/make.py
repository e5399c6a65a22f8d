"""A body that is a request word for word, and a bad chunk with one behind it.

Bodies stay bodies.
"""

from typing import Any

from tests.golden.conversation import Conversation, request, response, save


def packets() -> list[Any]:
    talk = Conversation()
    talk.open()
    talk.send(request(b"/outer", method=b"POST", body=request(b"/inside")), mss=50)
    talk.answer(response(b"ok"))
    talk.send(
        b"POST /bad HTTP/1.1\r\nHost: shop.example\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"zz\r\nGET /not-me HTTP/1.1\r\n\r\n"
    )
    talk.answer(response(b"", status=b"400 Bad Request"))
    talk.close()
    return talk.packets


if __name__ == "__main__":
    save(__file__, packets())
