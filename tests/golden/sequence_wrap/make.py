"""Both directions pass sequence number 2^32 inside a message."""

from typing import Any

from tests.golden.conversation import Conversation, request, response, save


def packets() -> list[Any]:
    talk = Conversation(client_isn=(1 << 32) - 20, server_isn=(1 << 32) - 50)
    talk.open()
    talk.send(request(b"/wrap", body=b"q" * 100, method=b"POST"), mss=40)
    talk.answer(response(b"w" * 300), mss=100)
    talk.close()
    return talk.packets


if __name__ == "__main__":
    save(__file__, packets())
