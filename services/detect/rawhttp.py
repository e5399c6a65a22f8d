"""Raw bytes of one HTTP/1 message → a request or response, whatever they hold.

Own and forgiving: what `sidetap inspect` is given may be broken on purpose (blanks in targets,
header lines without a colon, lone line feeds), and h11 and httptools refuse exactly the requests
that are worth looking at. Nothing here raises; what is odd is a name in `anomalies`, in the words
of the Exchange schema.
"""

import re
import zlib

from services.detect.rawframing import framing_anomalies
from services.detect.view import Bytes, Headers, PlainExchange, PlainRequest, PlainResponse

VERSION = re.compile(rb"HTTP/(\d(?:\.\d)?)\s*$")
HEAD_END = re.compile(rb"\r?\n\r?\n")
LINE_END = re.compile(rb"\r?\n")
CHUNK_SIZE = re.compile(rb"\s*([0-9a-fA-F]{1,8})[^\r\n]*\r?\n")
# As much as native keeps decoded of a body: beyond it a compressed body is a bomb.
INFLATED_BYTES_MAX = 8 * 1024 * 1024


def exchange(name: str, request: bytes, response: bytes | None = None) -> PlainExchange:
    """The exchange that the bytes are; `name` becomes its id."""
    anomalies: list[str] = []
    asked = parse_request(request, anomalies)
    answered = parse_response(response) if response else None
    host = next((v for n, v in asked.headers if n.lower() == b"host"), b"")
    return PlainExchange(
        id=name,
        request=asked,
        response=answered,
        anomalies=anomalies,
        host=host.decode("latin-1").strip().lower(),
    )


def parse_request(data: bytes, anomalies: list[str]) -> PlainRequest:
    """One request. The target may hold blanks: the version, where there is one, ends it."""
    head, body = _split(data)
    lines = _unfolded(head)
    line = lines[0] if lines else b""
    method, _, rest = line.partition(b" ")
    version = VERSION.search(rest)
    target = rest[: version.start()].rstrip(b" ") if version else rest
    headers = _headers(lines[1:])
    if any(b":" not in each for each in lines[1:]):
        anomalies.append("bad_header")
    anomalies += framing_anomalies(head, headers, body)
    return PlainRequest(
        method=method,
        target=target,
        version=version[1].decode() if version else "0.9",
        headers=headers,
        body=Bytes(_content(headers, body)),
    )


def parse_response(data: bytes) -> PlainResponse:
    """One response; status 0 where the first line has none."""
    head, body = _split(data)
    lines = _unfolded(head)
    words = lines[0].split(b" ", 2) if lines else []
    status = int(words[1]) if len(words) > 1 and words[1].isdigit() else 0
    headers = _headers(lines[1:])
    return PlainResponse(status=status, headers=headers, body=Bytes(_content(headers, body)))


def _split(data: bytes) -> tuple[bytes, bytes]:
    end = HEAD_END.search(data)
    return (data[: end.start()], data[end.end() :]) if end else (data, b"")


def _unfolded(head: bytes) -> list[bytes]:
    """Lines of a head; a line that begins with white space belongs to the one before."""
    lines: list[bytes] = []
    for line in LINE_END.split(head):
        if line[:1] in (b" ", b"\t") and len(lines) > 1:
            lines[-1] += b" " + line.strip()
        elif line or not lines:
            lines.append(line)
    return lines


def _headers(lines: list[bytes]) -> Headers:
    pairs = (line.partition(b":") for line in lines)
    return [(name, value.strip()) for name, _, value in pairs]


def _content(headers: Headers, body: bytes) -> bytes:
    """The body without its transfer and content coding; as sent where that fails."""
    named = {name.strip().lower(): value.lower() for name, value in headers}
    if b"chunked" in named.get(b"transfer-encoding", b""):
        body = _dechunked(body)
    if named.get(b"content-encoding", b"") in (b"gzip", b"x-gzip", b"deflate"):
        body = _inflated(body)
    return body


def _dechunked(body: bytes) -> bytes:
    """The chunks' data; what follows the last, or one that is none, is kept as it was sent."""
    out, at = [], 0
    while size := CHUNK_SIZE.match(body, at):
        length = int(size[1], 16)
        out.append(body[size.end() : size.end() + length])
        at = size.end() + length
        at += 2 if body[at : at + 2] == b"\r\n" else body[at : at + 1] == b"\n"
        if length == 0:
            break
    rest = body[at:]
    return b"".join(out) + (rest if rest.strip() else b"")


def _inflated(body: bytes) -> bytes:
    try:
        return zlib.decompressobj(wbits=47).decompress(body, INFLATED_BYTES_MAX)
    except zlib.error:
        return body
