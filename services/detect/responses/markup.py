"""Where in a page a place is: what is quoted there is shown to be read, not said by the server."""

import re

LOOK_BACK_BYTES = 8_192
TAG = re.compile(rb"<(/?)([a-zA-Z][a-zA-Z0-9]*)\b[^<>]*>")
QUOTING = frozenset(
    b"pre code blockquote textarea samp kbd q cite a h1 h2 h3 h4 h5 h6 title option".split()
)
INERT = frozenset(b"textarea title noscript style template xmp".split())
COMMENT_OPENS, COMMENT_CLOSES = b"<!--", b"-->"


def inside(value: bytes, at: int, elements: frozenset[bytes]) -> bool:
    """Whether one of these elements is open at this place, as far back as is looked."""
    open_elements: list[bytes] = []
    for tag in TAG.finditer(value, max(0, at - LOOK_BACK_BYTES), at):
        name = tag[2].lower()
        if name not in elements:
            continue
        if not tag[1]:
            open_elements.append(name)
        elif name in open_elements:
            open_elements.remove(name)
    return bool(open_elements)


def in_tag(value: bytes, at: int) -> int | None:
    """Where the tag began that is open at this place; None: the place is between tags."""
    opened = value.rfind(b"<", max(0, at - LOOK_BACK_BYTES), at)
    if opened < 0 or value.rfind(b">", opened, at) >= 0:
        return None
    return opened if value[opened + 1 : opened + 2].isalpha() else None


def open_quote(value: bytes, opened: int, at: int) -> bytes:
    """The quote sign of the attribute that is open at this place of a tag; nothing: none is."""
    quote = b""
    for index in range(opened, at):
        sign = value[index : index + 1]
        if quote:
            quote = b"" if sign == quote else quote
        elif sign in (b'"', b"'"):
            quote = sign
    return quote


def in_comment(value: bytes, at: int) -> bool:
    """Whether the place is in a comment of HTML."""
    opened = value.rfind(COMMENT_OPENS, max(0, at - LOOK_BACK_BYTES), at)
    return opened >= 0 and value.find(COMMENT_CLOSES, opened, at) < 0


def quoted(value: bytes, at: int) -> bool:
    """Whether the page shows what stands here as an example, a link or a heading."""
    return in_tag(value, at) is not None or inside(value, at, QUOTING)
