"""Status lines that browsers accept: two blanks, a tab, a NUL, no reason."""

from typing import Any

from tests.golden.conversation import Conversation, request, save


def packets() -> list[Any]:
    talk = Conversation()
    talk.open()
    for line in (
        b"HTTP/1.1  200 OK",
        b"HTTP/1.1\t404 Not Found",
        b"HTTP/1\0.1 200 OK",
        b"HTTP/1.1 500",
    ):
        talk.send(request(b"/s"))
        talk.answer(line + b"\r\nContent-Length: 2\r\n\r\nok")
    talk.close()
    return talk.packets


if __name__ == "__main__":
    save(__file__, packets())
