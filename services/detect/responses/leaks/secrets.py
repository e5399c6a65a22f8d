"""Keys and tokens of known forms, but for examples and what is meant to be public.

Left out on purpose: keys that browsers must have (Google's for maps, Stripe's publishable), ids in
presigned URLs, test keys, and tokens in the answer that issues them.
"""

import base64
import binascii
import re

from services.detect.responses.answer import Answer
from services.detect.responses.markup import quoted
from services.detect.responses.rules import TEXTS, Belief, BodyRule
from services.detect.rules import Detector, Match

PLACEHOLDER = re.compile(
    rb"example|sample|placeholder|dummy|changeme|your|xxxx|\*\*\*|\.\.\.|<|12345678|abcdef|01234567|deadbeef|test|fake|redacted",
    re.I,
)
# A random value of 16 signs or more has at least so many different ones.
DISTINCT_MIN = 9
# How an id stands where it is public by design: in a presigned URL or an upload form.
PRESIGNED = re.compile(
    rb"(?:x-amz-credential|awsaccesskeyid|credential)(?:=|%3d|[\"']?\s*(?:value)?\s*[:=]\s*[\"']?)\Z",
    re.I,
)
# The answer that gives its owner a token.
ISSUED = re.compile(rb"""["']?(?:access|refresh|id)_?token["']?\s*[:=]\s*["']?\Z""", re.I)
PRESIGNED_BYTES = 40
PASSWORD = re.compile(rb"://[^:/@\s]{0,64}:([^@/\s]{1,128})@")
WEAK_WORDS = frozenset(
    b"password pass passwd secret user root admin pwd postgres mysql mongo guest".split()
)


def random_looking(value: bytes) -> bool:
    """No example and no placeholder."""
    return not PLACEHOLDER.search(value) and len(set(value)) >= DISTINCT_MIN


def shown_to_be_read(match: Match, answer: Answer) -> bool:
    """Stands in an article, or as code on a page of prose."""
    return answer.prose and (answer.kind != "html" or quoted(match.point.value, match.start))


def of_form(form: str) -> Belief:
    """Exactly this form, in its own case, random, and not issued to whoever asked."""
    exact = re.compile(form.encode())

    def believed(match: Match, answer: Answer) -> bool:
        found = exact.search(match.text)
        if found is None or not random_looking(found[0]) or shown_to_be_read(match, answer):
            return False
        before = match.before[-PRESIGNED_BYTES:]
        return not PRESIGNED.search(before) and not ISSUED.search(before)

    return believed


def is_private_key(match: Match, answer: Answer) -> bool:
    """The block holds what a key holds: DER or OpenSSH's form, not dots."""
    if shown_to_be_read(match, answer):
        return False
    text = match.point.value[match.start : match.start + 4_096].replace(b"\\n", b"\n")
    body = re.sub(
        rb"-----[A-Z ]+-----|\s|\\r|[\w-]+: [^\n]*\n|\"", b"", text.partition(b"-----END")[0]
    )
    try:
        data = base64.b64decode(body[: len(body) // 4 * 4], validate=True)
    except binascii.Error:
        return False
    return (len(data) >= 32 and data.startswith((b"\x30", b"openssh-key-v1"))) or (
        b"ENCRYPTED" in text[:200] and len(data) >= 64
    )


def has_password(match: Match, answer: Answer) -> bool:
    """An address with a password that is none of the usual words of examples."""
    found = PASSWORD.search(match.text)
    if found is None or shown_to_be_read(match, answer):
        return False
    password = found[1]
    return (
        len(password) >= 6
        and password.lower() not in WEAK_WORDS
        and not PLACEHOLDER.search(match.text)
        and not password.startswith((b"$", b"{", b"%", b"["))
    )


def _rule(name: str, pattern: str, title: str, form: str | None = None) -> BodyRule:
    return BodyRule(
        id=f"secret.{name}",
        pattern=pattern,
        weight=0.9,
        title=title,
        believed=of_form(form or pattern),
        kinds=TEXTS,
        secret=True,
    )


RULES = (
    _rule("aws-key-id", r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b", "an access key id of AWS"),
    _rule("github", r"\b(?:gh[pousr]_[0-9A-Za-z]{36,255}|github_pat_[0-9A-Za-z]{22}_[0-9A-Za-z]{59})", "a token of GitHub"),
    _rule("gitlab", r"\bglpat-[\w-]{20,64}", "a token of GitLab"),
    _rule("slack", r"\bxox[abeoprs]-(?:\d{6,14}-){1,3}[0-9A-Za-z]{16,64}|\bxapp-\d-[0-9A-Z]{6,14}-\d{6,14}-[0-9a-f]{32,80}", "a token of Slack"),
    _rule("slack-webhook", r"hooks\.slack\.com/services/T[0-9A-Z]{6,14}/B[0-9A-Z]{6,14}/[0-9A-Za-z]{20,32}", "an address that posts to Slack"),
    _rule("stripe", r"\b[rs]k_live_[0-9A-Za-z]{20,120}", "a secret key of Stripe"),
    _rule("google-client", r"\bGOCSPX-[\w-]{28}\b", "a client secret of Google"),
    _rule("sendgrid", r"\bSG\.[\w-]{22}\.[\w-]{43}\b", "a key of SendGrid"),
    _rule("npm", r"\bnpm_[0-9A-Za-z]{36}\b", "a token of npm"),
    _rule("openai", r"\bsk-(?:proj|svcacct)-[\w-]{40,200}|\bsk-ant-[\w-]{40,200}", "a key of an AI service"),
    _rule("telegram", r"\b\d{8,10}:AA[\w-]{33}\b", "a token of a Telegram bot"),
    _rule("shopify", r"\bshp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}\b", "a token of Shopify"),
    BodyRule(
        id="secret.private-key",
        pattern=r"-----BEGIN (?:RSA |EC |DSA |OPENSSH |ENCRYPTED )?PRIVATE KEY-----(?:\s|\\n|\\r)",
        weight=0.95,
        title="a private key",
        believed=is_private_key,
        kinds=TEXTS,
        secret=True,
    ),
    BodyRule(
        id="secret.connection",
        pattern=r"\b(?:postgres(?:ql)?|mysql|mongodb(?:\+srv)?|rediss?|amqps?|mssql|ftp)://[^\s:/@\"'<>]{0,64}:[^\s@/\"'<>]{1,128}@[\w.-]{2,200}",
        weight=0.9,
        title="an address of a database with its password",
        believed=has_password,
        kinds=TEXTS,
        secret=True,
    ),
)  # fmt: skip

LEAK = Detector(
    class_="secret",
    title="Key or token in an answer",
    advice="Revoke it now and make a new one; then keep it on the server, out of pages, scripts and files that are served.",
    severity="high",
    cwe=("CWE-200", "CWE-312", "CWE-798"),
    capec=("CAPEC-37", "CAPEC-116"),
    attack=("T1552.001",),
    owasp=("A02:2021", "A05:2021", "API8:2023"),
    rules=RULES,
)
