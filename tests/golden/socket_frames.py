"""WebSocket frames and handshakes, as a case's make.py needs them."""

import zlib

from tests.golden.conversation import request


class Deflater:
    """One side's permessage-deflate (RFC 7692); `alone`: without the window of what it said."""

    def __init__(self, *, alone: bool = False) -> None:
        self._alone = alone
        self._coder = zlib.compressobj(9, zlib.DEFLATED, -15)

    def deflate(self, data: bytes) -> bytes:
        """A message's payload as sent."""
        if self._alone:
            self._coder = zlib.compressobj(9, zlib.DEFLATED, -15)
        sent = self._coder.compress(data) + self._coder.flush(zlib.Z_SYNC_FLUSH)
        return sent[:-4]


def frame(
    payload: bytes,
    *,
    mask: bytes = b"",
    opcode: int = 1,
    fin: bool = True,
    compressed: bool = False,
) -> bytes:
    """One frame; masked with four bytes, as a client's are."""
    first = fin << 7 | compressed << 6 | opcode
    size, masked = len(payload), bool(mask) << 7
    if size < 126:
        head = bytes([first, masked | size])
    elif size < 1 << 16:
        head = bytes([first, masked | 126]) + size.to_bytes(2, "big")
    else:
        head = bytes([first, masked | 127]) + size.to_bytes(8, "big")
    if not mask:
        return head + payload
    return head + mask + bytes(byte ^ mask[at % 4] for at, byte in enumerate(payload))


def ask(target: bytes, *headers: bytes) -> bytes:
    """The client's handshake."""
    return request(
        target,
        b"Connection: Upgrade",
        b"Upgrade: websocket",
        b"Sec-WebSocket-Version: 13",
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        *headers,
    )


def accept(*headers: bytes) -> bytes:
    """The server's."""
    fields = (
        b"HTTP/1.1 101 Switching Protocols",
        b"Upgrade: WebSocket",
        b"Connection: Upgrade",
        b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=",
        *headers,
    )
    return b"\r\n".join((*fields, b"", b""))
