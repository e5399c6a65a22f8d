"""A body that is a request word for word, and a bad chunk with one behind it.

Bodies stay bodies.
"""

from typing import Any

from tests.golden.conversation import Conversation, save


def packets() -> list[Any]:
    talk = Conversation()
    talk.open()
    talk.send(
        b"GET /h HTTP/1.1\r\nHost: a.example\r\nX-Fold: one\r\n  two\r\nHost: b.example\n"
        b"X-Space : v\r\nX-Nul: a\0b\r\nno colon here\r\nX-Cr: a\rb\r\n\r\n"
    )
    talk.answer(b"HTTP/1.1 200 OK\nContent-Length: 2\n\nok")
    talk.close()
    return talk.packets


if __name__ == "__main__":
    save(__file__, packets())
