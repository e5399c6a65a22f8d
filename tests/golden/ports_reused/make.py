"""The same ports again without a FIN, with other sequence numbers: two connections."""

from typing import Any

from tests.golden.conversation import Conversation, request, response, save


def packets() -> list[Any]:
    first = Conversation()
    first.open()
    first.send(request(b"/before"))
    again = Conversation(client_isn=90_000_000, server_isn=70_000_000, start_s=20)
    again.open()
    again.send(request(b"/after"))
    again.answer(response(b"after"))
    again.close()
    return first.packets + again.packets


if __name__ == "__main__":
    save(__file__, packets())
