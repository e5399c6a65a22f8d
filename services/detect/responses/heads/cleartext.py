"""Passwords that went over the net in the clear, where the browser itself says so."""

import re
from collections.abc import Iterator

from services.detect.responses.answer import Answer
from services.detect.responses.heads.addresses import inside
from services.detect.responses.rules import Proof
from services.detect.responses.transport import is_clear
from services.detect.rules import Detector

PASSWORD = re.compile(
    rb"(?:\A|&)(?:[\w.\[\]-]{0,40}[_.\[-])?(?:password|passwd|pwd|passwort|user_?pass)\]?=([^&]{3,200})"
    rb"|[\"'](?:password|passwd|pwd)[\"']\s*:\s*[\"']([^\"']{3,200})[\"']",
    re.I,
)
BODY_BYTES_MAX = 4_096

WEAKNESS = Detector(
    class_="cleartext_credentials",
    title="Password sent in the clear",
    advice="Serve it by https only, redirect http, and send Strict-Transport-Security.",
    severity="medium",
    cwe=("CWE-319", "CWE-523"),
    capec=("CAPEC-102", "CAPEC-157"),
    attack=("T1040",),
    owasp=("A02:2021", "A04:2021", "API2:2023"),
    rules=(),
)


def check(answer: Answer) -> Iterator[Proof]:
    """Basic authentication or a form with a password, by http."""
    request = answer.request
    basic = next(
        (value for name, value in answer.asked
         if value[:6].lower() == b"basic " and name.lower() == b"authorization"), None
    )  # fmt: skip
    if basic and answer.status != 401 and is_clear(answer):
        yield _proof(
            "basic",
            "a password went by plain http (Basic authentication)",
            "header.authorization",
            basic,
        )
    if request.method == b"POST" and is_clear(answer) and not inside(answer.exchange.host):
        found = PASSWORD.search(request.body.kept[:BODY_BYTES_MAX])
        if found:
            yield _proof(
                "form", "a form with a password went by plain http", "body", found[1] or found[2]
            )


def _proof(rule: str, says: str, where: str, value: bytes) -> Proof:
    return Proof(
        weakness=WEAKNESS, rule=f"cleartext_credentials.{rule}", says=says, weight=0.9, where=where,
        value=value, secret=True,
    )  # fmt: skip
