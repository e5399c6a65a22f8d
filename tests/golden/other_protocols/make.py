"""SSH, SMTP, RTSP, SIP, TLS and an HTTP/2 preface alone give nothing; HTTP on SSH's port does."""

from typing import Any

from tests.golden.conversation import Conversation, request, response, save


def packets() -> list[Any]:
    firsts = (
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"EHLO me.example\r\n",
        b"OPTIONS rtsp://cam.example/ RTSP/1.0\r\nCSeq: 1\r\n\r\n",
        b"INVITE sip:a@b.example SIP/2.0\r\n\r\n",
        b"\x16\x03\x01\0\x05\x01\0\0\x01\0",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"OPTIONS\r\n",
    )
    seen: list[Any] = []
    for number, first in enumerate(firsts):
        talk = Conversation(client=("10.0.0.1", 40001 + number), start_s=number)
        talk.open()
        talk.send(first)
        talk.answer(b"whatever this is\r\n")
        talk.close()
        seen += talk.packets
    talk = Conversation(server=("10.0.0.2", 22), start_s=20)
    talk.open()
    talk.send(request(b"/on-22"))
    talk.answer(response(b"by content"))
    talk.close()
    return seen + talk.packets


if __name__ == "__main__":
    save(__file__, packets())
