"""A conversation comes when the site is ten seconds further: it is told, and said to be late."""

from typing import Any

from tests.golden.conversation import Conversation, request, response, save


def packets() -> list[Any]:
    now, before = Conversation(start_s=10), Conversation(client=("10.0.0.1", 40001))
    for talk in (now, before):
        talk.open()
        talk.send(request(b"/a"))
        talk.answer(response(b"ok"))
        talk.close()
    return now.packets + before.packets


if __name__ == "__main__":
    save(__file__, packets())
