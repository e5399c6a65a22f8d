"""A request as an attempt at a door: who it says it is, with which secret; and what came back.

In:     a request; a response.
Out:    an Attempt, in keyed hashes: neither name nor secret is kept; an Answer.

Doors are found by words of their path and by the names of what is sent: a password is sent to
nothing else. HTTP Basic counts as well (RFC 7617). A refresh of tokens (RFC 6749 §6) is none.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import parse_qsl

import orjson

from services.browsing.paths import path_of
from services.runtime.views import RequestView, ResponseView

# Larger bodies are uploads, no log-ins.
BODY_BYTES_MAX = 16_384
PAIRS_MAX = 64
DEPTH_MAX = 3
# Of an answer: enough to tell one page from another.
ANSWER_BYTES = 2_048
SHAPE_BYTES = 256

# Paths where a name or a code alone is an attempt.
# Of lower case: the search is ten times faster than one that takes any case.
DOOR = re.compile(
    rb"log-?_?[io]n|sign-?_?in|/auth|authenticate|/token|/sessions?(?:/|$)|j_security_check"
    rb"|otp|mfa|2fa|two-?factor|verify|pass-?word|forgot|reset|recover|register|sign-?_?up"
    rb"|account|availab|exists|check-?_?(?:user|e-?mail|name)|user-?_?check"
)
# Of these, the ones that ask about an account or make one: what is sent with it is no guess.
ABOUT = re.compile(rb"forgot|recover|register|sign-?_?up|availab|exists|check|reset")
USER = re.compile(
    r"(?:j_|_)?(?:user(?:_?name|_?id)?|login|log|e-?mail(?:_?address)?|account|uid|phone|mobile"
    r"|identifier|principal|msisdn)",
    re.I,
)
SECRET = re.compile(r"(?:j_|_)?(?:user_?)?(?:passw(?:or)?d|pwd|pass|passcode|passphrase)", re.I)
CODE = re.compile(r"(?:otp|totp|pin|code|mfa_?code|verification_?code|sms_?code|token_?code)", re.I)
PART = re.compile(
    rb'form-data;[^\r\n]*?name="?(?P<name>[\w.\[\]-]{1,64})"?[^\r\n]*\r\n(?:[^\r\n]+\r\n)*\r\n'
    rb"(?P<value>[^\r\n]{0,256})"
)
REFUSAL = re.compile(
    rb"invalid|incorrect|wrong|fail|denied|unknown|not (?:found|match|valid|recogni|exist)"
    rb"|no such|locked|too many|unauthori[sz]ed|bad credentials|try again"
    rb"|\berrors?\b(?!\"\s*:\s*(?:null|\[\]|\"\"|false|\{\}|0))"
    rb"|(?:success|ok|valid|authenticated)\"\s*:\s*(?:false|0)|type=[\"']?password",
    re.I,
)
ACCEPTANCE = re.compile(
    rb"\"(?:access_?|id_?|auth_?|session_?|refresh_?)?(?:token|jwt)\"\s*:\s*\"\w"
    rb"|\"(?:success|authenticated)\"\s*:\s*true",
    re.I,
)
VARYING = re.compile(rb"[0-9a-fA-F-]{16,}|\d+")
REFUSED_STATUSES = frozenset((400, 401, 403, 404, 409, 422, 423, 429))

WITH_BODY = frozenset((b"POST", b"PUT", b"PATCH"))

NOT_KNOWN, REFUSED, ACCEPTED = 0, 1, 2


@dataclass(frozen=True, slots=True)
class Attempt:
    """Keyed hashes of 32 bits. `secret` 0: none was sent, or it is no guess.

    `begun` is the hash of the user name without its last character: somebody who types into a
    field that asks at each key sends one name in many pieces.
    """

    user: int
    secret: int
    begun: int = 0


def attempt_of(host: str, request: RequestView, path: bytes, key: bytes) -> Attempt | None:
    """What the request tries, at the path of its target; None: it is no attempt."""
    basic = _basic(request)
    if basic is not None:
        return _attempt(host, *basic, key)
    target = request.target
    with_body = request.method in WITH_BODY
    if not with_body and b"?" not in target:
        return None
    path = path.lower()
    at_door = DOOR.search(path) is not None
    if not at_door and not with_body:
        return None
    sent = dict(_sent(request, at_door=at_door))
    if not sent or sent.get("grant_type", "password") != "password":
        return None
    user = _first(sent, USER)
    secret = _first(sent, SECRET) or (_first(sent, CODE) if at_door else "")
    about = at_door and ABOUT.search(path) is not None
    if about and user:
        return _attempt(host, user, "", key)
    return _attempt(host, user, secret, key) if secret else None


@dataclass(frozen=True, slots=True)
class Answer:
    """What a door answered. `shape`: 32 bits, equal for answers that a person would call equal."""

    outcome: int
    shape: int


def answer_of(operation: bytes, response: ResponseView) -> Answer:
    """Whether an attempt was let in, by status, target of a redirect, and words of the body."""
    status = response.status
    location = path_of(response.header(b"location") or b"") if 300 <= status < 400 else b""
    body = response.body.decoded()[:ANSWER_BYTES] if status < 500 else b""
    shaped = VARYING.sub(b"0", body[:SHAPE_BYTES])
    shape = hashed(b"", b"%b %d %b %b" % (operation, status, location, shaped))
    if status in REFUSED_STATUSES:
        return Answer(REFUSED, shape)
    if location:
        back = location == operation.partition(b" ")[2] or REFUSAL.search(location)
        return Answer(REFUSED if back else ACCEPTED, shape)
    if 200 <= status < 300:
        return Answer(_by_words(status, body, response), shape)
    return Answer(NOT_KNOWN, shape)


def _by_words(status: int, body: bytes, response: ResponseView) -> int:
    if ACCEPTANCE.search(body) or status == 204:
        return ACCEPTED
    if REFUSAL.search(body):
        return REFUSED
    return ACCEPTED if response.header(b"set-cookie") else NOT_KNOWN


def hashed(key: bytes, text: bytes) -> int:
    """32 bits, never 0."""
    digest = hashlib.blake2b(text, digest_size=4, key=key[:64], usedforsecurity=False).digest()
    return int.from_bytes(digest, "big") or 1


def _attempt(host: str, user: str, secret: str, key: bytes) -> Attempt:
    place = host.encode() + b"\0"
    name = user.lower().encode("utf-8", "surrogateescape")
    return Attempt(
        user=hashed(key, place + b"user\0" + name),
        secret=hashed(key, place + b"secret\0" + secret.encode("utf-8", "surrogateescape"))
        if secret
        else 0,
        begun=hashed(key, place + b"user\0" + name[:-1]),
    )


def _basic(request: RequestView) -> tuple[str, str] | None:
    value = request.header(b"authorization")
    if value is None or value[:6].lower() != b"basic ":
        return None
    try:
        user, colon, secret = base64.b64decode(value[6:]).decode("utf-8", "replace").partition(":")
    except binascii.Error:
        return None
    return (user, secret) if colon and secret else None


def _sent(request: RequestView, *, at_door: bool) -> Iterator[tuple[str, str]]:
    """Names, without what they are nested in, and values."""
    query = request.target.partition(b"?")[2]
    if query and at_door:
        yield from _form(query)
    body = request.body
    if request.method not in WITH_BODY or body.wire_bytes > BODY_BYTES_MAX:
        return
    if not at_door:
        kept = body.kept.lower()
        if b"pass" not in kept and b"pwd" not in kept:
            return
    data = body.decoded().lstrip()
    if data[:1] in (b"{", b"["):
        try:
            yield from _json(orjson.loads(data), DEPTH_MAX)
        except orjson.JSONDecodeError:
            return
    elif data[:2] == b"--":
        for found in PART.finditer(data):
            yield _bare(found["name"].decode()), found["value"].decode("utf-8", "replace")
    else:
        yield from _form(data)


def _form(data: bytes) -> Iterator[tuple[str, str]]:
    try:
        pairs = parse_qsl(data.decode("utf-8", "replace"), max_num_fields=PAIRS_MAX)
    except ValueError:  # more fields than any log-in has
        return
    yield from ((_bare(name), value) for name, value in pairs)


def _json(value: object, depth: int) -> Iterator[tuple[str, str]]:
    if not isinstance(value, dict) or not depth:
        return
    for name, inner in list(value.items())[:PAIRS_MAX]:
        if isinstance(inner, str | int):
            yield name, str(inner)
        else:
            yield from _json(inner, depth - 1)


def _bare(name: str) -> str:
    """user[email] as email, form:login.password as password."""
    return re.split(r"[\[.:]", name.rstrip("]"))[-1]


def _first(sent: dict[str, str], names: re.Pattern[str]) -> str:
    return next((value for name, value in sent.items() if value and names.fullmatch(name)), "")
