"""A granted CONNECT with SMTP inside: the CONNECT only."""

from typing import Any

from tests.golden.conversation import Conversation, save


def packets() -> list[Any]:
    talk = Conversation(server=("10.0.0.2", 3128))
    talk.open()
    talk.send(b"CONNECT mail.example:25 HTTP/1.0\r\n\r\n")
    talk.answer(b"HTTP/1.0 200 OK\r\n\r\n")
    talk.answer(b"220 mail.example ESMTP\r\n")
    talk.send(b"EHLO me\r\n")
    talk.answer(b"250 mail.example\r\n")
    talk.close()
    return talk.packets


if __name__ == "__main__":
    save(__file__, packets())
