"""The capture kept 100 bytes of each frame.

Heads and bodies are cut, and nothing is invented.
"""

from typing import Any

from tests.golden.conversation import Conversation, cut, request, response, save


def packets() -> list[Any]:
    talk = Conversation()
    talk.open()
    talk.send(request(b"/images/logo.gif", b"User-Agent: " + b"u" * 80))
    talk.answer(response(b"g" * 700))
    talk.close()
    return [cut(packet, 100) for packet in talk.packets]


if __name__ == "__main__":
    save(__file__, packets())
