"""A client that asks inside the answer before pipelines; then the first of two answers is lost."""

from typing import Any

from tests.golden.conversation import Conversation, request, response, save


def packets() -> list[Any]:
    talk = Conversation()
    talk.open()
    talk.send(request(b"/first"))
    whole = response(b"the first answer")
    talk.answer(whole[:40])
    talk.send(request(b"/second"))
    talk.answer(whole[40:])
    talk.send(request(b"/third"))
    talk.skip(1, response(b"the second answer, lost"))
    talk.send(request(b"/fourth"))
    talk.answer(response(b"the third answer"))
    talk.answer(response(b"the fourth answer"))
    talk.close()
    return talk.packets


if __name__ == "__main__":
    save(__file__, packets())
