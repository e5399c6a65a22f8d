"""Delivered bytes come again as others: known while the exchange is open, too late behind it."""

from typing import Any

from tests.golden.conversation import Conversation, request, response, save

SHOWN, HIDDEN = request(b"/shown"), request(b"/other")
BODY = b"0123456789" * 30


def packets() -> list[Any]:
    asked = Conversation()
    asked.open()
    asked.send(SHOWN)
    asked.raw(0, "PA", HIDDEN, back=len(SHOWN))
    asked.answer(response(b"ok"))
    asked.close()

    answered = Conversation(client=("10.0.0.1", 40001), start_s=1)
    answered.open()
    answered.send(request(b"/body"))
    whole = response(BODY)
    answered.answer(whole[:200])
    answered.raw(1, "PA", whole[100:200], back=100)
    answered.raw(1, "PA", b"X" * 50, back=50)
    answered.answer(whole[200:])
    answered.close()

    late = Conversation(client=("10.0.0.1", 40002), start_s=2)
    late.open()
    late.send(SHOWN)
    late.answer(response(b"ok"))
    late.raw(0, "PA", HIDDEN, back=len(SHOWN))
    late.close()
    return asked.packets + answered.packets + late.packets


if __name__ == "__main__":
    save(__file__, packets())
