"""Changes that another site had a browser make: signs that nothing tells forged requests apart."""

import re
from collections.abc import Iterator

from services.detect.responses.answer import Answer
from services.detect.responses.heads.cookies import NOT_SESSION, SESSION
from services.detect.responses.rules import Proof
from services.detect.rules import Detector

# What identity and payment providers post across sites, with a proof of their own in it.
BY_DESIGN = re.compile(
    rb"(?:\A|&)(?:saml(?:response|request|art)|relaystate|id_token|code|state|cres|pares|md|wresult|credential|g_csrf_token"
    rb"|[\w\[\]-]*(?:csrf|xsrf|authenticity|verification_?token|nonce|signature|hmac|mac|form_key|_token)[\w\[\]-]*)=",
    re.I,
)
SIMPLE = (b"application/x-www-form-urlencoded", b"multipart/form-data", b"text/plain")
BODY_BYTES_MAX = 16_384

WEAKNESS = Detector(
    class_="csrf",
    title="Change that another site can make",
    advice="Ask for a token that only your own pages hold, or refuse what Origin and Sec-Fetch-Site"
    " call foreign; set SameSite on the session.",
    severity="medium",
    cwe=("CWE-352",),
    capec=("CAPEC-62",),
    attack=("T1185",),
    owasp=("A01:2021", "API8:2023"),
    rules=(),
)


def check(answer: Answer) -> Iterator[Proof]:
    """A form from another site, with the session's cookie and without a token, that was taken."""
    request = answer.request
    if request.method != b"POST" or not 200 <= answer.status < 400:
        return
    headers = {name.lower(): value for name, value in answer.asked}
    if headers.get(b"sec-fetch-site") != b"cross-site" or b"authorization" in headers:
        return
    kind = headers.get(b"content-type", b"").partition(b";")[0].strip().lower()
    names = [part.partition(b"=")[0].strip() for part in headers.get(b"cookie", b"").split(b";")]
    if kind not in SIMPLE or not any(
        SESSION.search(n) and not NOT_SESSION.search(n) for n in names
    ):
        return
    body = request.body.kept[:BODY_BYTES_MAX]
    if not body or b"csrf" in body.lower() or BY_DESIGN.search(body):
        return
    yield Proof(
        weakness=WEAKNESS,
        rule="csrf.taken",
        says="the server took a form of another site that came with the session's cookie and no"
        " token",
        weight=0.6,
        where="header.origin",
        value=headers.get(b"origin", b"")[:200],
    )
