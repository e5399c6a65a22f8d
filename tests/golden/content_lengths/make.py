"""Repeated, conflicting, negative, overflowing and wordy lengths; no number wraps around."""

from typing import Any

from tests.golden.conversation import Conversation, response, save


def packets() -> list[Any]:
    seen: list[Any] = []
    bodies = (
        b"5\r\nContent-Length: 5",
        b"5\r\nContent-Length: 6",
        b"-5",
        b"18446744073709551621",
        b"5, 5",
        b"five",
    )
    for number, length in enumerate(bodies):
        talk = Conversation(client=("10.0.0.1", 40001 + number), start_s=number)
        talk.open()
        talk.send(
            b"POST /n HTTP/1.1\r\nHost: shop.example\r\nContent-Length: "
            + length
            + b"\r\n\r\nhello"
        )
        talk.answer(response(b"", status=b"400 Bad Request"))
        talk.close()
        seen += talk.packets
    return seen


if __name__ == "__main__":
    save(__file__, packets())
