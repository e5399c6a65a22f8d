"""A length or coding that means nothing: a request right behind it is one, a body is a body."""

from typing import Any

from tests.golden.conversation import Conversation, request, response, save

NEXT = request(b"/smuggled")
BODY = b"a=1&b=2"


def packets() -> list[Any]:
    seen: list[Any] = []
    sent: tuple[tuple[bytes, list[bytes]], ...] = (
        (b"Content-Length: -1", [NEXT]),
        (b"Content-Length: 0x7", [NEXT[:9], NEXT[9:]]),
        (b"Transfer-Encoding: chunked, identity", [b"0\r\n\r\n" + NEXT]),
        (b"Transfer-Encoding: chunked, gzip", [b"7\r\n" + BODY + b"\r\n0\r\n\r\n" + NEXT]),
        (b"Content-Length: -1", [BODY, b"&c=" + NEXT]),
        (b"Content-Length: -1", [b"GET", b" /not HTTP", b"\r\n"]),
        (b"Transfer-Encoding: xchunked", [b"POST /half HT"]),
        (b"Content-Length: five", []),
    )
    for number, (field, behind) in enumerate(sent):
        talk = Conversation(client=("10.0.0.1", 40001 + number), start_s=number)
        talk.open()
        head = b"POST /f HTTP/1.1\r\nHost: shop.example\r\n" + field + b"\r\n\r\n"
        talk.send(head + b"".join(behind[:1]))
        for part in behind[1:]:
            talk.send(part)
        talk.answer(response(b"", status=b"400 Bad Request"))
        talk.close()
        seen += talk.packets
    return seen


if __name__ == "__main__":
    save(__file__, packets())
