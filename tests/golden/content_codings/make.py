"""gzip, deflate with and without its frame, cut gzip, an unknown coding."""

import gzip
import zlib
from typing import Any

from tests.golden.conversation import Conversation, request, response, save


def packets() -> list[Any]:
    talk = Conversation()
    talk.open()
    text = b"the same words again and again, " * 20
    raw = zlib.compressobj(wbits=-15)
    bodies = (
        (b"gzip", gzip.compress(text, mtime=0)),
        (b"deflate", zlib.compress(text)),
        (b"deflate", raw.compress(text) + raw.flush()),
        (b"gzip", gzip.compress(text, mtime=0)[:40]),
        (b"x-unknown", text),
    )
    for coding, body in bodies:
        talk.send(request(b"/z"))
        talk.answer(response(body, b"Content-Encoding: " + coding))
    talk.close()
    return talk.packets


if __name__ == "__main__":
    save(__file__, packets())
