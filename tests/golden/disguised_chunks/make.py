"""Transfer-Encoding folded, doubled, unknown, with a blank before its colon."""

from typing import Any

from tests.golden.conversation import Conversation, response, save


def packets() -> list[Any]:
    seen: list[Any] = []
    fields = (
        b"Transfer-Encoding:\r\n chunked",
        b"Transfer-Encoding: chunked, identity",
        b"Transfer-Encoding: xchunked",
        b"Transfer-Encoding : chunked",
        b"Transfer-Encoding: identity\r\nTransfer-Encoding: CHUNKED",
    )
    for number, field in enumerate(fields):
        talk = Conversation(client=("10.0.0.1", 40001 + number), start_s=number)
        talk.open()
        talk.send(
            b"POST /t HTTP/1.1\r\nHost: shop.example\r\nContent-Length: 10\r\n"
            + field
            + b"\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
        )
        talk.answer(response(b"ok"))
        talk.close()
        seen += talk.packets
    return seen


if __name__ == "__main__":
    save(__file__, packets())
