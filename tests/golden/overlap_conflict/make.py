"""A waiting segment is sent again with other bytes before the hole in front of it closes.

The first copy stands, and it is said.
"""

from typing import Any

from tests.golden.conversation import Conversation, request, response, save


def packets() -> list[Any]:
    talk = Conversation()
    talk.open()
    talk.send(request(b"/pay"))
    talk.answer(response(b"the first copy of it"), mss=42)
    forged = talk.packets[5].copy()
    forged.load = bytes(forged.load).upper()
    del forged.payload.chksum, forged.payload.payload.chksum
    talk.close()
    return [*talk.packets[:4], talk.packets[5], forged, talk.packets[4], *talk.packets[6:]]


if __name__ == "__main__":
    save(__file__, packets())
