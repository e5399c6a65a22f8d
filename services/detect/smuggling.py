"""Request smuggling: a request whose end two servers see in two places.

In:   a request, and the names of what is unusual about it (docs/architecture.md).
Out:  signals of class `protocol`, at the headers that say where the body ends.

Anomalies are of the whole exchange, so each is proved again in the request: a server that answers
with both lengths attacks nobody. Most are left alone: folded lines, lone line feeds, equal
lengths twice and extensions of chunks are how old and simple clients talk, a second Host what a
proxy adds. What is left is what no client has a reason to send and servers are known to read
differently (RFC 9112, 6.1 to 6.3 and 11.2; J. Kettle, "HTTP Desync Attacks", 2019).
"""

import re
from collections.abc import Collection, Iterator

from services.detect.points import Point
from services.detect.rules import Match, Rule
from services.detect.view import ExchangeView, RequestView

TWO_FRAMINGS = Rule(
    id="protocol.two-framings",
    pattern="",
    weight=0.55,
    title="Content-Length and Transfer-Encoding in one request",
    in_text=1.0,
)
HIDDEN_CODING = Rule(
    id="protocol.hidden-coding",
    pattern="",
    weight=0.7,
    title="A Transfer-Encoding that one server takes and another overlooks",
    in_text=1.0,
)
TWO_LENGTHS = Rule(
    id="protocol.two-lengths",
    pattern="",
    weight=0.7,
    title="Two lengths that differ",
    in_text=1.0,
)
ODD_LENGTH = Rule(
    id="protocol.odd-length",
    pattern="",
    weight=0.6,
    title="A length that lenient servers read as another number",
    in_text=1.0,
)
BAD_CHUNK = Rule(
    id="protocol.bad-chunk",
    pattern="",
    weight=0.35,
    title="Chunks that do not end where they say",
    in_text=1.0,
)
HTTP2_CODING = Rule(
    id="protocol.http2-coding",
    pattern="",
    weight=0.6,
    title="Transfer-Encoding in HTTP/2, which a gateway may pass on to HTTP/1",
    in_text=1.0,
)
RULES = (TWO_FRAMINGS, HIDDEN_CODING, TWO_LENGTHS, ODD_LENGTH, BAD_CHUNK, HTTP2_CODING)

# One of these stands at the exchange of whatever is looked for here.
ASKED_AT = frozenset(
    {
        "ambiguous_framing", "unknown_transfer_encoding", "folded_transfer_encoding",
        "space_before_colon", "conflicting_content_length", "bad_content_length",
        "content_length_overflow", "bad_chunk",
    }
)  # fmt: skip
# What a head that was not seen whole says of its framing is the capture's fault, and so are the
# chunks of a body with holes. Overlaps that conflict are no excuse: whoever sends makes them.
UNSEEN = frozenset({"gap_in_head"})
BODY_UNSEEN = frozenset({"gap_in_body", "truncated_packets"})
HIDING = frozenset({"folded_transfer_encoding", "space_before_colon"})
CODING, LENGTH = b"transfer-encoding", b"content-length"
HTTP2 = "2"
LENGTH_DIGITS_MAX = 18
# Lenient parsers stop at what is no digit, or take signs and prefixes: 0x10, +16, "16 2". Of a
# number of fractions, as careless scripts send it, and of "-1" they make no length at all.
ODD_NUMBER = re.compile(rb"\s*(?:\+\d|0x[0-9a-f]|\d+(?:_\d|[\x00-\x20]+\d|[\x00-\x1f]))", re.I)
COMPRESSIONS = (b"gzip", b"x-gzip", b"deflate", b"compress", b"br", b"zstd")


def of_the_request(exchange: ExchangeView) -> list[str]:
    """The anomalies of an exchange without those that may be of its answer or of another header.

    A blank before a colon is not said of which header; a folded Transfer-Encoding may be either's.
    """
    response = exchange.response
    if response is not None and any(name.lower() == CODING for name, _ in response.headers):
        return [name for name in exchange.anomalies if name not in HIDING]
    return [name for name in exchange.anomalies if name != "space_before_colon"]


def smuggling(request: RequestView, anomalies: Collection[str]) -> Iterator[tuple[Rule, Match]]:
    """What the framing of a request says, each rule at most once."""
    if request.version == HTTP2:
        yield from _in_http2(request)
        return
    if ASKED_AT.isdisjoint(anomalies) or not UNSEEN.isdisjoint(anomalies):
        return
    codings = _values(request, CODING)
    lengths = _values(request, LENGTH)
    if codings:
        yield from _coding(codings, bool(lengths), anomalies)
    if lengths:
        yield from _length([value for _, value in lengths])


def _coding(
    codings: list[tuple[bytes, bytes]], has_length: bool, anomalies: Collection[str]
) -> Iterator[tuple[Rule, Match]]:
    value = b", ".join(value for _, value in codings)
    match = _match(CODING, value)
    hidden = b"\n" in value or not HIDING.isdisjoint(anomalies)
    if b"chunk" in value.lower() and (hidden or _overlooked(value)):
        yield HIDDEN_CODING, match
    if has_length and any(_applied(value)):
        yield TWO_FRAMINGS, match
    if "bad_chunk" in anomalies and BODY_UNSEEN.isdisjoint(anomalies):
        yield BAD_CHUNK, match


def _applied(value: bytes) -> list[bytes]:
    """The codings but for `identity`, which says that nothing was done."""
    named = [coding.strip(b" \t").lower() for coding in value.split(b",")]
    return [coding for coding in named if coding not in (b"", b"identity")]


def _overlooked(value: bytes) -> bool:
    """Whether `chunked` is there, but not last and as it is spelt.

    Twice the same is what a proxy makes that copies headers.
    """
    applied = list(dict.fromkeys(_applied(value)))
    return applied[-1:] != [b"chunked"] or any(one not in COMPRESSIONS for one in applied[:-1])


def _length(values: list[bytes]) -> Iterator[tuple[Rule, Match]]:
    match = _match(LENGTH, b", ".join(values))
    each = {one.strip() for value in values for one in value.split(b",")}
    if len({int(one) for one in each if _is_length(one)}) > 1:
        yield TWO_LENGTHS, match
    if any(ODD_NUMBER.match(one) or (one.isdigit() and not _is_length(one)) for one in each):
        yield ODD_LENGTH, match


def _is_length(value: bytes) -> bool:
    return value.isdigit() and len(value.lstrip(b"0")) <= LENGTH_DIGITS_MAX


def _in_http2(request: RequestView) -> Iterator[tuple[Rule, Match]]:
    codings = _values(request, CODING)
    if codings:
        yield HTTP2_CODING, _match(CODING, codings[0][1])


def _values(request: RequestView, name: bytes) -> list[tuple[bytes, bytes]]:
    """The headers of this name, as they are spelt."""
    return [pair for pair in request.headers if pair[0].strip().lower() == name]


def _match(name: bytes, value: bytes) -> Match:
    return Match(Point("header", name, value, value), 0, len(value))
