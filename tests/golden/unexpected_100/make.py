"""100 Continue to a request that expects none, and to one that does."""

from typing import Any

from tests.golden.conversation import Conversation, request, response, save

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


def packets() -> list[Any]:
    talk = Conversation()
    talk.open()
    for headers in ((), (b"expect: 100-continue",)):
        talk.send(request(b"/up", *headers, method=b"PUT", body=b"data"))
        talk.answer(CONTINUE)
        talk.answer(response(b"", status=b"201 Created"))
    talk.send(request(b"/page"))
    talk.answer(CONTINUE + response(b"ok"))
    talk.close()
    return talk.packets


if __name__ == "__main__":
    save(__file__, packets())
