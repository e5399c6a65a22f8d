"""Session cookies that scripts can read, or that go out where they should not (RFC 6265bis)."""

import re
from collections.abc import Iterator
from functools import lru_cache

from services.detect.responses.answer import Answer
from services.detect.responses.rules import Proof
from services.detect.responses.transport import is_https
from services.detect.rules import Detector

SESSION = re.compile(
    rb"(?:^|[^a-z])(?:sid|sess|auth|jwt|remember(?:_?me)?|login)(?:[^a-z]|$)|session|sess_?id"
    rb"|connect\.sid|(?:auth|access|refresh|id|remember|logged_?in)_?token|remember_web|\.aspxauth"
    rb"|wordpress_logged_in",
    re.I,
)
# Read by scripts on purpose, or no proof of who somebody is.
NOT_SESSION = re.compile(
    rb"csrf|xsrf|analytics|_ga|consent|sessioncount|session_(?:start|depth|count|tz|lang|views)"
    rb"|timezone|hubspot|__hss|_hj|optimizely|ajs_|amplitude|mixpanel",
    re.I,
)
VALUE_BYTES_MIN = 8
# The first bytes of a cookie hold its attributes as well; a longer one is cut.
COOKIE_BYTES_MAX = 4_096

WEAKNESS = Detector(
    class_="cookie_flags",
    title="Session cookie without its flags",
    advice="Set HttpOnly, Secure and SameSite on it: without HttpOnly a script on the page reads"
    " the session, without Secure it goes out in the clear, with SameSite=None other sites act"
    " with it.",
    severity="low",
    cwe=("CWE-1004", "CWE-614", "CWE-1275"),
    capec=("CAPEC-31", "CAPEC-60"),
    attack=("T1539",),
    owasp=("A05:2021", "API8:2023"),
    rules=(),
)


def check(answer: Answer) -> Iterator[Proof]:
    """One proof a cookie; a cookie that is deleted says nothing."""
    if b"set-cookie" not in answer.first:
        return
    for name, value in answer.headers:
        if name == b"set-cookie":
            said = flaws(value[:COOKIE_BYTES_MAX], is_https(answer))
            if said:
                cookie = value.partition(b"=")[0].strip()
                attributes = b";".join(value.split(b";")[1:])
                yield Proof(
                    weakness=WEAKNESS,
                    rule="cookie_flags." + said[0],
                    says=f"the session cookie {_shown(cookie)} {' and '.join(map(_words, said))}",
                    weight=0.95,
                    where="response.header.set-cookie",
                    value=cookie + b"=[value];" + attributes,
                    detail=_shown(cookie),
                    about="host",
                )


@lru_cache(maxsize=1_024)
def flaws(cookie: bytes, https: bool) -> tuple[str, ...]:
    """Names of what is wrong with a Set-Cookie of a session."""
    pair, *attributes = cookie.split(b";")
    name, _, value = pair.partition(b"=")
    if not SESSION.search(name) or NOT_SESSION.search(name):
        return ()
    known = {key.strip().lower(): rest.strip() for key, _, rest in
             (attribute.partition(b"=") for attribute in attributes)}  # fmt: skip
    if len(value.strip()) < VALUE_BYTES_MIN or _deleted(known):
        return ()
    found = []
    if b"httponly" not in known:
        found.append("httponly")
    if https and b"secure" not in known:
        found.append("secure")
    if known.get(b"samesite", b"").lower() == b"none" and b"secure" not in known:
        found.append("samesite")
    return tuple(found)


def _deleted(known: dict[bytes, bytes]) -> bool:
    expires = known.get(b"expires", b"")
    return (known.get(b"max-age", b"1").lstrip(b"-") in (b"0", b"1") and (
        b"max-age" in known)) or b"1970" in expires or b"1969" in expires  # fmt: skip


def _words(flaw: str) -> str:
    return {
        "httponly": "can be read by scripts (no HttpOnly)",
        "secure": "also goes out without TLS (no Secure)",
        "samesite": "is sent from other sites without TLS (SameSite=None without Secure)",
    }[flaw]


def _shown(name: bytes) -> str:
    return name[:64].decode("ascii", "backslashreplace")
