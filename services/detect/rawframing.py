"""What is odd about the framing of a request that is given as bytes, in the Exchange's names.

In:   the head as sent, its headers, what stands behind it.
Out:  anomalies, as native reading (native/src/http1/framing.rs) names them.
"""

import re
from collections.abc import Iterator

from services.detect.view import Headers

FOLDED = re.compile(rb"\n\s*transfer-encoding\s*:[^\n]*\n[ \t]", re.I)
CHUNKS = re.compile(rb"\s*[0-9a-f]{1,8}\s*(?:;[^\r\n]*)?\r?\n", re.I)
CODINGS = (b"gzip", b"x-gzip", b"deflate", b"compress")
LENGTH_MAX = 2**63


def framing_anomalies(head: bytes, headers: Headers, body: bytes) -> Iterator[str]:
    """Each at most once."""
    fields: dict[bytes, list[bytes]] = {}
    for name, value in headers:
        fields.setdefault(name.strip().lower(), []).append(value)
    if any(name != name.rstrip() for name, _ in headers):
        yield "space_before_colon"
    if FOLDED.search(head):
        yield "folded_transfer_encoding"
    lengths = fields.get(b"content-length", [])
    yield from _lengths([one.strip() for value in lengths for one in value.split(b",")])
    joined = b",".join(fields.get(b"transfer-encoding", ())).lower()
    named = [coding.strip() for coding in joined.split(b",")]
    applied = [coding for coding in named if coding not in (b"", b"identity")]
    if applied and lengths:
        yield "ambiguous_framing"
    if applied and (applied[-1] != b"chunked" or any(x not in CODINGS for x in applied[:-1])):
        yield "unknown_transfer_encoding"
    if b"chunked" in applied and body and not CHUNKS.match(body):
        yield "bad_chunk"


def _lengths(values: list[bytes]) -> Iterator[str]:
    numbers = {int(value) for value in values if value.isdigit()}
    if len(numbers) > 1:
        yield "conflicting_content_length"
    if any(number >= LENGTH_MAX for number in numbers):
        yield "content_length_overflow"
    if any(not value.isdigit() for value in values):
        negative = all(value.isdigit() or value[1:].isdigit() for value in values)
        yield (
            "negative_content_length"
            if negative and b"+" not in b"".join(values)
            else ("bad_content_length")
        )
