"""Segments come twice, and a third one covers both ends of its neighbours.

Each byte counts once.
"""

from typing import Any

from tests.golden.conversation import Conversation, request, response, save


def packets() -> list[Any]:
    talk = Conversation()
    talk.open()
    talk.send(request(b"/a"))
    talk.answer(response(b"0123456789" * 20), mss=60)
    answers = talk.packets[4:]
    talk.close()
    again = answers[1].copy()
    again.payload.payload.payload.load = bytes(answers[1].load) + bytes(answers[2].load)[:20]
    del again.payload.len, again.payload.chksum, again.payload.payload.chksum
    return [
        *talk.packets[:4],
        answers[0],
        answers[2],
        again,
        answers[1],
        *answers[2:],
        *talk.packets[-3:],
    ]


if __name__ == "__main__":
    save(__file__, packets())
