"""100 Continue and 103 Early Hints are left out; the final response belongs to the request."""

from typing import Any

from tests.golden.conversation import Conversation, response, save


def packets() -> list[Any]:
    talk = Conversation()
    talk.open()
    head = (
        b"PUT /up HTTP/1.1\r\nHost: shop.example\r\nExpect: 100-continue\r\n"
        b"Content-Length: 4\r\n\r\n"
    )
    talk.send(head)
    talk.answer(b"HTTP/1.1 100 Continue\r\n\r\n")
    talk.send(b"data")
    talk.answer(
        b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n" + response(b"", status=b"201 Created")
    )
    talk.close()
    return talk.packets


if __name__ == "__main__":
    save(__file__, packets())
