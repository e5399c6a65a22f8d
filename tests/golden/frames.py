"""HTTP/2 frames as bytes, for cases whose make.py says what stands in each."""

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = (
    0, 1, 3, 4, 5, 6, 7, 8, 9,
)  # fmt: skip
END_STREAM, ACK, END_HEADERS, PADDED, PRIORITY = 1, 1, 4, 8, 32

# Indexed fields of RFC 7541's static table.
GET, POST, ROOT, HTTP, OK = b"\x82", b"\x83", b"\x84", b"\x86", b"\x88"
NO_CONTENT, NOT_FOUND = b"\x89", b"\x8d"
AUTHORITY, PATH, CONTENT_ENCODING, CONTENT_TYPE = 1, 4, 26, 31
FIRST_ADDED = 62


def frame(kind: int, flags: int, stream: int, body: bytes = b"") -> bytes:
    """A frame with its header."""
    return len(body).to_bytes(3) + bytes([kind, flags]) + stream.to_bytes(4) + body


def added(name: bytes | int, value: bytes) -> bytes:
    """A field that goes into the table; its name as bytes, or as a number below 63."""
    return _literal(0x40, name, value)


def plain(name: bytes | int, value: bytes) -> bytes:
    """A field that stays out of the table; its name as bytes, or as a number below 15."""
    return _literal(0x00, name, value)


def known(number: int) -> bytes:
    """A field of the table: 62 is the newest that was added."""
    return bytes([0x80 | number])


def padded(body: bytes, pad_bytes: int) -> bytes:
    """The body of a frame with the flag PADDED."""
    return bytes([pad_bytes]) + body + bytes(pad_bytes)


def _literal(kind: int, name: bytes | int, value: bytes) -> bytes:
    first = bytes([kind | name]) if isinstance(name, int) else bytes([kind]) + _text(name)
    return first + _text(value)


def _text(text: bytes) -> bytes:
    if len(text) < 127:
        return bytes([len(text)]) + text
    rest, out = len(text) - 127, [127]
    while rest > 127:
        out.append(rest & 127 | 128)
        rest >>= 7
    return bytes([*out, rest]) + text
