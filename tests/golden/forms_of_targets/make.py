"""Absolute, authority and asterisk forms: where the host comes from."""

from typing import Any

from tests.golden.conversation import Conversation, response, save


def packets() -> list[Any]:
    talk = Conversation()
    talk.open()
    talk.send(b"GET http://User@WWW.Example:8080/p?q HTTP/1.1\r\nHost: other.example\r\n\r\n")
    talk.answer(response(b"1"))
    talk.send(b"OPTIONS * HTTP/1.1\r\nHost: [2001:DB8::1]:81\r\n\r\n")
    talk.answer(response(b"2"))
    talk.send(b"GET /none HTTP/1.1\r\n\r\n")
    talk.answer(response(b"3"))
    talk.close()
    return talk.packets


if __name__ == "__main__":
    save(__file__, packets())
