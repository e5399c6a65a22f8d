"""Three requests in turn, then two at once of which the first is lost: its answer is no one's."""

from typing import Any

from tests.golden.conversation import Conversation, request, response, save


def packets() -> list[Any]:
    talk = Conversation()
    talk.open()
    for number in range(3):
        talk.send(request(b"/turn/%d" % number))
        talk.answer(response(b"turn %d" % number))
    talk.skip(0, request(b"/lost"))
    talk.send(request(b"/kept"))
    talk.answer(response(b"of the lost one") + response(b"of the kept one"))
    talk.close()
    return talk.packets


if __name__ == "__main__":
    save(__file__, packets())
