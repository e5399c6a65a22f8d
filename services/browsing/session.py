"""Who a request says it is: the session or user behind an address.

In:     a request; a response that lets somebody in.
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
from services.runtime.views import RequestView, ResponseView

# Of cookies that frameworks keep sessions in: PHPSESSID, connect.sid, ASP.NET_SessionId …
NAME = re.compile(rb"sess|sid$|token|auth|jwt", re.I)
NAMES_REMEMBERED = 1_024
COOKIES_BYTES_MAX = 8_192
COOKIES_MAX = 4
TOKEN_BYTES_MAX = 8_192
# Of a log-in's answer.
ANSWER_BYTES_MAX = 65_536
DEPTH_MAX = 3
TOKENS = ("access_token", "accessToken", "token", "jwt", "id_token", "idToken", "auth_token")


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


def user_of(request: RequestView, key: bytes) -> int:
    """The user that the request names, hashed: a token's subject or HTTP Basic's name."""
    sent = (request.header(b"authorization") or b"")[:TOKEN_BYTES_MAX]
    scheme, _, credentials = sent.partition(b" ")
    if scheme.lower() == b"basic":
        try:
            name, colon, _ = base64.b64decode(credentials.strip()).partition(b":")
        except binascii.Error:
            return 0
        return hashed(key, b"user\0" + name) if colon else 0
    named = _subject(sent)
    return hashed(key, b"user\0" + named) if named is not sent else 0


def granted(response: ResponseView, key: bytes) -> int:
    """What names the session that an answer begins, as its next requests will; 0: none.

    A token in a JSON body (RFC 6749 §5.1) will be a bearer's, a cookie will come back as it is.
    """
    if not 200 <= response.status < 400:
        return 0
    cookie = (response.header(b"set-cookie") or b"").partition(b";")[0].strip()
    name, _, value = cookie.partition(b"=")
    if value and _keeps_session(name):
        return hashed(key, b"session\0" + cookie)
    body = response.body.decoded()
    if len(body) > ANSWER_BYTES_MAX or body[:1] != b"{":
        return 0
    try:
        token = _token(orjson.loads(body), DEPTH_MAX)
    except orjson.JSONDecodeError:
        return 0
    bearer = b"Bearer " + token.encode("utf-8", "replace")[:TOKEN_BYTES_MAX]
    return hashed(key, b"session\0" + _subject(bearer[:TOKEN_BYTES_MAX])) if token else 0


def _token(value: object, depth: int) -> str:
    """The first token in an object or those inside it; empty: none."""
    if not isinstance(value, dict) or not depth:
        return ""
    here = (value.get(name) for name in TOKENS)
    inside = (_token(each, depth - 1) for each in value.values())
    return next((each for each in (*here, *inside) if isinstance(each, str) and each), "")


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
