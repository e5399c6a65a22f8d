"""Of a request only the last byte of its body is seen: it does not begin the next one's method."""

from typing import Any

from tests.golden.conversation import Conversation, request, response, save


def packets() -> list[Any]:
    talk = Conversation()
    talk.open()
    talk.skip(0, request(b"/1", method=b"POST", body=b"ABC")[:-1])
    talk.send(b"C")
    talk.answer(response(b"one"))
    talk.send(request(b"/2"))
    talk.answer(response(b"two"))
    # The same where both are in one packet: XGET is not a method that proves itself.
    talk.skip(0, request(b"/3", method=b"POST", body=b"UVWX")[:-1])
    talk.send(b"X" + request(b"/4"))
    talk.answer(response(b"three") + response(b"four"))
    talk.send(request(b"/5"))
    talk.answer(response(b"five"))
    talk.close()
    return talk.packets


if __name__ == "__main__":
    save(__file__, packets())
