"""A ClientHello of TLS 1.3, as bytes."""

import struct


def client_hello(name: bytes, protocol: bytes, *, more: bytes = b"") -> bytes:
    """The handshake message: SNI, ALPN, two suites, TLS 1.3 and 1.2; `more` are extensions."""
    extensions = b"".join(
        (
            _extension(0, _long(b"\0" + _long(name))),
            _extension(16, _long(_short(protocol))),
            _extension(13, _long(struct.pack(">3H", 0x0403, 0x0804, 0x0401))),
            _extension(43, _short(struct.pack(">2H", 0x0304, 0x0303))),
            more,
        )
    )
    suites = struct.pack(">3H", 0x1301, 0x1302, 0x1303)
    body = b"\x03\x03" + bytes(range(32)) + b"\0" + _long(suites) + b"\x01\0" + _long(extensions)
    return b"\x01" + struct.pack(">I", len(body))[1:] + body


def padding(count: int) -> bytes:
    """An extension that makes a hello longer (RFC 7685)."""
    return _extension(21, bytes(count))


def _extension(kind: int, body: bytes) -> bytes:
    return struct.pack(">H", kind) + _long(body)


def _long(body: bytes) -> bytes:
    return struct.pack(">H", len(body)) + body


def _short(body: bytes) -> bytes:
    return struct.pack(">B", len(body)) + body
