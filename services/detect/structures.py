"""Values that hold values: forms, JSON, XML, multipart bodies, cookies, as (name, value) pairs.

In:   bytes.
Out:  pairs of a dotted name and a raw value, at most `PAIRS_MAX`; None where the bytes are not of
      this structure. Repeats and order are kept: which of two equal names a server takes is
      its own affair, so both are looked at.

XML is cut by a pattern, not parsed: nothing is expanded and nothing is fetched, and a document
that no parser takes still has its texts and attributes looked at.
"""

import json
import re
from collections.abc import Iterator

Pairs = list[tuple[bytes, bytes]]

# A request of an application rarely has a hundred; a thousand keeps a hostile one affordable.
PAIRS_MAX = 1_000
JSON_DEPTH_MAX = 64
BOUNDARY = re.compile(rb'boundary\s*=\s*(?:"([^"]{1,200})"|([^\s;,]{1,200}))', re.I)
DISPOSITION = re.compile(rb"content-disposition\s*:([^\r\n]*)", re.I)
ATTRIBUTE = re.compile(
    rb"""(?:^|[;\s])(name|filename\*?)\s*=\s*(?:"((?:\\.|[^"\\])*)"|'([^']*)'|([^\s;"]*))""", re.I
)
XML_PIECE = re.compile(
    rb"<!\[CDATA\[(?P<cdata>.*?)\]\]>|<!--.*?-->|<[!?](?:[^<>\[\]]|\[[^\]]*\])*>"
    rb"|</?(?P<tag>[A-Za-z_][\w:.-]{0,200})(?P<attributes>[^<>]*)>|(?P<text>[^<]+)",
    re.S,
)
XML_ATTRIBUTE = re.compile(rb"([\w:.-]{1,200})\s*=\s*(?:\"([^\"]*)\"|'([^']*)')")
ENCODED_PAIR = re.compile(rb"([\w.-]{1,64})%3[dD](?!%3[dD]|\Z)")
HEAD_END = re.compile(rb"\r?\n\r?\n")


def form(data: bytes) -> Pairs:
    """a=b&c=d with + for a blank; a piece without = is a value without a name.

    Clients that encode a whole form send `a%3Db`, and lenient servers read it as a=b.
    """
    pairs: Pairs = []
    for piece in data.split(b"&", PAIRS_MAX):
        if piece:
            name, mark, value = piece.partition(b"=")
            if not mark and (whole := ENCODED_PAIR.match(piece)):
                name, mark, value = whole[1], b"=", piece[whole.end() :]
            pairs.append((name, value) if mark else (b"", name))
    return pairs


def cookies(data: bytes) -> Pairs:
    """name=value; name=value."""
    pairs: Pairs = []
    for piece in data.split(b";", PAIRS_MAX):
        name, mark, value = piece.strip().partition(b"=")
        if value or not mark:
            pairs.append((name, value.strip(b'"')) if mark else (b"", name))
    return pairs


def json_pairs(data: bytes) -> Pairs | None:
    """Every string of a document by its path, keys with signs too; also JSON lines."""
    text = data.decode("utf-8", "surrogateescape").lstrip("\ufeff \t\r\n")
    if text[:1] not in ("{", "[", '"'):
        return None
    pairs: Pairs = []
    at = 0
    try:
        while at < len(text) and len(pairs) < PAIRS_MAX:
            document, end = DECODER.raw_decode(text, at)
            _leaves(document, b"", 0, pairs)
            at = end
            while text[at : at + 1] in (" ", "\t", "\r", "\n"):
                at += 1
    except (ValueError, RecursionError):
        # What could be read before the damage, or the depth, counts; the rest is looked at as
        # it stands.
        if at == 0:
            return None
        pairs.append((b"", _bytes(text[at:])))
    return pairs[:PAIRS_MAX]


class _Members(list[tuple[str, object]]):
    """The members of a JSON object, repeats kept."""


DECODER = json.JSONDecoder(object_pairs_hook=_Members, strict=False)


def _leaves(value: object, path: bytes, depth: int, pairs: Pairs) -> None:
    """Add every string below the value; a key of what is no string as a pair without a value."""
    if isinstance(value, str):
        pairs.append((path, _bytes(value)))
    elif depth >= JSON_DEPTH_MAX:
        raise ValueError("deeper than any application's")
    elif len(pairs) >= PAIRS_MAX:
        return
    elif isinstance(value, _Members):
        for key, member in value:
            name = path + b"." + _bytes(key) if path else _bytes(key)
            _leaves(member, name, depth + 1, pairs)
            if not isinstance(member, str):
                pairs.append((name, b""))
    elif isinstance(value, list):
        for item in value:
            _leaves(item, path + b"[]", depth + 1, pairs)


def _bytes(text: str) -> bytes:
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # half of a pair, as "\ud800" says
        return text.encode("utf-8", "replace")


def xml_pairs(data: bytes) -> Pairs | None:
    """Texts, CDATA sections and attributes, named by the innermost open tag."""
    if data.lstrip()[:1] != b"<":
        return None
    pairs: Pairs = []
    tag = b""
    for piece in XML_PIECE.finditer(data):
        if len(pairs) >= PAIRS_MAX:
            break
        if piece["tag"]:
            tag = piece["tag"]
            attributes = XML_ATTRIBUTE.findall(piece["attributes"])
            pairs += [(tag + b"@" + name, one or two) for name, one, two in attributes]
        else:
            text = piece["cdata"] or piece["text"]
            if text and not text.isspace():
                pairs.append((tag, text.strip()))
    return pairs


def multipart(data: bytes, content_type: bytes) -> Iterator[tuple[bytes, bytes | None, bytes]]:
    """(name, file name or None, content) of each part; nothing without a boundary."""
    found = BOUNDARY.search(content_type)
    if not found:
        return
    boundary = b"--" + (found[1] or found[2])
    for part in data.split(boundary, PAIRS_MAX)[1:]:
        if part.startswith(b"--"):
            return
        head_end = HEAD_END.search(part)
        if head_end is None:
            continue
        disposition = DISPOSITION.search(part, 0, head_end.start())
        names = _attributes(disposition[1]) if disposition else {}
        content = part[head_end.end() :].removesuffix(b"\n").removesuffix(b"\r")
        yield names.get(b"name", b""), names.get(b"filename", names.get(b"filename*")), content


def _attributes(line: bytes) -> dict[bytes, bytes]:
    return {name.lower(): a or b or c for name, a, b, c in ATTRIBUTE.findall(line)}
