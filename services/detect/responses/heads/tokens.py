"""JSON web tokens that prove nothing: unsigned, signed with a word anyone guesses, long expired.

Our own short list of words; RFC 7519, RFC 8725 §3. A token in a request counts where the answer
took it; one that the answer hands out counts always.
"""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import orjson

from services.detect.responses.answer import Answer
from services.detect.responses.rules import Proof
from services.detect.rules import Detector

TOKEN = re.compile(rb"\beyJ[\w-]{4,2000}\.[\w-]{2,6000}\.[\w-]{0,1000}")
TOKEN_BYTES_MAX = 9_000
# Clocks differ, and servers forgive some minutes.
LEEWAY_S = 600
WORDS = (
    *b"secret password 123456 changeme key jwt test admin token qwerty your-256-bit-secret".split(),
    *b"your-secret-key your_jwt_secret secretkey secret_key secret-key supersecret".split(),
    *b"mysecret my-secret jwt_secret jwtsecret jwt-secret s3cr3t private default dev".split(),
    *b"development letmein 12345678 HS256".split(),
    b"",
)
HASHES = {"HS256": hashlib.sha256, "HS384": hashlib.sha384, "HS512": hashlib.sha512}
PRIVATE_PATH = re.compile(
    rb"/(?:me|account|profile|users?|orders?|admin|settings|wallet|invoices?|messages?)(?:/|\Z)",
    re.I,
)

WEAKNESS = Detector(
    class_="weak_token",
    title="Token that proves nothing",
    advice="Sign with a random key of at least 256 bits or a key pair, allow one algorithm, and"
    " refuse what has expired; make all tokens anew, for anybody could have made these.",
    severity="high",
    cwe=("CWE-347", "CWE-345", "CWE-613", "CWE-521"),
    capec=("CAPEC-196", "CAPEC-115"),
    attack=("T1606.001", "T1550.001"),
    owasp=("A07:2021", "A02:2021", "API2:2023"),
    rules=(),
)


def check(answer: Answer) -> Iterator[Proof]:
    """Tokens of the request that were taken, and of the answer that were made."""
    if 200 <= answer.status < 300:
        for name, value in answer.asked:
            if b"eyJ" not in value:
                continue
            key = name.lower()
            if key in (b"authorization", b"cookie") or key.endswith(b"token"):
                yield from _taken(answer, key.decode("latin-1"), value)
    for name, value in answer.headers:
        if b"eyJ" in value and (
            name == b"set-cookie" or name.endswith((b"token", b"authorization"))
        ):
            for token in TOKEN.findall(value[:TOKEN_BYTES_MAX]):
                why, weight = weak(token)
                if why in ("unsigned", "guessed"):
                    yield _proof(
                        why, weight, f"response.header.{name.decode('latin-1')}", token, "hands out"
                    )


def _taken(answer: Answer, name: str, value: bytes) -> Iterator[Proof]:
    for token in TOKEN.findall(value[:TOKEN_BYTES_MAX]):
        why, weight = weak(token)
        if why:
            yield _proof(why, weight, f"header.{name}", token, "took")
        elif expired(token, answer.exchange.at_us) and _private(answer):
            yield _proof("expired", 0.6, f"header.{name}", token, "took")


def _private(answer: Answer) -> bool:
    """The answer is for this user: a public page answers whatever the token says."""
    cache = answer.header(b"cache-control").lower()
    return (
        bool(PRIVATE_PATH.search(answer.path))
        or answer.request.method not in (b"GET", b"HEAD", b"OPTIONS")
        or (b"private" in cache and b"max-age" not in cache)
    )


def _proof(why: str, weight: float, where: str, token: bytes, verb: str) -> Proof:
    says = {
        "unsigned": f"the server {verb} a token without a signature",
        "guessed": f"the server {verb} a token that is signed with a word of our short list",
        "expired": f"the server {verb} a token that had expired",
    }[why]
    return Proof(
        weakness=WEAKNESS, rule=f"weak_token.{why}", says=says, weight=weight, where=where,
        value=token, detail=why, about="host", secret=True,
    )  # fmt: skip


@lru_cache(maxsize=4_096)
def weak(token: bytes) -> tuple[str, float]:
    """("unsigned" or "guessed", how sure), or ("", 0)."""
    head, body, signature = token.split(b".", 2)
    header = _object(head)
    if header is None or _object(body) is None:
        return "", 0.0
    algorithm = str(header.get("alg", ""))
    if algorithm.lower() == "none":
        return "unsigned", 0.95
    digest, mac = HASHES.get(algorithm), _decoded(signature)
    if digest and mac:
        for word in WORDS:
            if hmac.compare_digest(hmac.new(word, head + b"." + body, digest).digest(), mac):
                return "guessed", 0.98
    return "", 0.0


def expired(token: bytes, at_us: int) -> bool:
    """Whether it says that it ended before this time."""
    end = _expiry(token)
    return end is not None and at_us > 0 and end + LEEWAY_S < at_us // 1_000_000


@lru_cache(maxsize=4_096)
def _expiry(token: bytes) -> int | None:
    claims = _object(token.split(b".", 2)[1])
    end = claims.get("exp") if claims else None
    return int(end) if isinstance(end, int | float) and 0 < end < 1e11 else None


def _object(part: bytes) -> dict[str, Any] | None:
    try:
        value = orjson.loads(_decoded(part))
    except orjson.JSONDecodeError:
        return None
    return value if isinstance(value, dict) else None


def _decoded(part: bytes) -> bytes:
    try:
        return base64.urlsafe_b64decode(part + b"=" * (-len(part) % 4))
    except (binascii.Error, ValueError):
        return b""
