"""Who a request says it is: the session or user behind an address.

In:     a request.
Out:    a keyed hash of 32 bits; 0: it names nobody.

The subject of a JSON web token (RFC 7519 §4.1.2) outlives a refresh, so it goes before the token;
then any other Authorization, then the cookies that sessions are kept in by name.
"""

import base64
import binascii
import re
from functools import lru_cache

import orjson

from services.browsing.attempt import hashed
from services.runtime.views import RequestView

# Of cookies that frameworks keep sessions in: PHPSESSID, connect.sid, ASP.NET_SessionId …
NAME = re.compile(rb"sess|sid$|token|auth|jwt", re.I)
NAMES_REMEMBERED = 1_024
COOKIES_BYTES_MAX = 8_192
COOKIES_MAX = 4
TOKEN_BYTES_MAX = 8_192


def session_of(request: RequestView, key: bytes) -> int:
    """What names the session of the request, hashed."""
    authorization = request.header(b"authorization")
    if authorization:
        return hashed(key, b"session\0" + _subject(authorization[:TOKEN_BYTES_MAX]))
    cookies = request.header(b"cookie")
    if not cookies:
        return 0
    crumbs = (crumb.strip() for crumb in cookies[:COOKIES_BYTES_MAX].split(b";"))
    found = [crumb for crumb in crumbs if _keeps_session(crumb.partition(b"=")[0])]
    return hashed(key, b"session\0" + b";".join(found[:COOKIES_MAX])) if found else 0


@lru_cache(NAMES_REMEMBERED)
def _keeps_session(name: bytes) -> bool:
    return NAME.search(name) is not None


def _subject(authorization: bytes) -> bytes:
    """The subject of a bearer's JSON web token, or the value as sent."""
    parts = authorization.split(b".")
    if len(parts) != 3:
        return authorization
    try:
        padded = parts[1] + b"=" * (-len(parts[1]) % 4)
        claims = orjson.loads(base64.urlsafe_b64decode(padded))
    except (binascii.Error, ValueError):  # orjson's error is one
        return authorization
    subject = claims.get("sub") if isinstance(claims, dict) else None
    return f"sub {subject}".encode() if subject else authorization
