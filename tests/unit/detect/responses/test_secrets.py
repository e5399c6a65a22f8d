"""Keys and tokens: what is one, and what only looks like one or is meant to be seen."""

import base64

import pytest

from tests.unit.detect.responses.cases import PROSE, classes, exchange, proofs

# Made up here and put together at run time: no file of ours may hold what looks like a key.
AWS = "AKIA" + "Q7JZ3LMX2VTRW9KB"
GITHUB = "ghp_" + "k3Jd82hsLq0ZxVb71mNcR5tYwE9uAo4PfG6i"
STRIPE = "sk_" + "live_" + "9sKd83hfLq02ZxVbmNcR5tYw"
SLACK = "xoxb-" + "284719305566-2847193055661-" + "kD83hfLq02ZxVbmNcR5tYwE9"
KEY = base64.b64encode(b"\x30\x82\x04\xa4\x02\x01\x00" + bytes(range(7, 250))).decode()


def block(name: str, body: str = KEY, end: str = "\n") -> str:
    lines = end.join(body[i : i + 64] for i in range(0, len(body), 64))
    return f"-----BEGIN {name}PRIVATE KEY-----{end}{lines}{end}-----END {name}PRIVATE KEY-----{end}"


LEAKED = {
    "AWS key in JSON": ("json", f'{{"aws": {{"accessKeyId": "{AWS}", "region": "eu-west-1"}}}}'),
    "AWS key in a script": ("script", f'const config = {{ key: "{AWS}" }};'),
    "GitHub token in a page's script": ("html", f"<script>var t = '{GITHUB}';</script>"),
    "GitHub token in JSON": ("json", f'{{"ci": {{"token": "{GITHUB}"}}}}'),
    "GitLab token": ("text", "token=" + "glpat-" + "x9Kd83hfLq02ZxVbmNcR"),
    "Slack token": ("json", f'{{"bot": "{SLACK}"}}'),
    "Slack webhook": ("script", "url='https://hooks.slack.com/services/" + "T02A9KX71/B03C8MQ52/kD83hfLq02ZxVbmNcR5tYwE9'"),
    "Stripe secret key": ("script", f"Stripe('{STRIPE}')"),
    "SendGrid key": ("json", '{"k": "' + "SG." + "kD83hfLq02ZxVbmNcR5tYw" + "." + "9uAo4PfG6ik3Jd82hsLq0ZxVb71mNcR5tYwE9uAo4Pf" + '"}'),
    "npm token": ("text", "//registry/:_authToken=" + "npm_" + "k3Jd82hsLq0ZxVb71mNcR5tYwE9uAo4PfG6i"),
    "RSA key": ("text", block("RSA ")),
    "PKCS8 key inside JSON": ("json", '{"key": "' + block("", end="\\n") + '"}'),
    "EC key": ("text", block("EC ")),
    "connection string": ("json", '{"db": "postgres://shop:kD83hfLq02Zx@db-3.shop.internal:5432/shop"}'),
    "connection string of MongoDB": ("text", "MONGO=mongodb+srv://svc:v9Q2LmTx7w@cluster0.k3jd8.mongodb.net/app"),
}  # fmt: skip

HARMLESS = {
    "AWS' own example": ("json", '{"accessKeyId": "AKIAIOSFODNN7EXAMPLE"}'),
    "a presigned URL": ("json", f'{{"url": "https://s3.amazonaws.com/b/k?X-Amz-Credential={AWS}%2F20250101"}}'),
    "an upload form": ("html", f'<input name="AWSAccessKeyId" value="{AWS}">'),
    "lower case letters only": ("text", AWS.lower()),
    "inside a longer word": ("text", "X" + AWS + "ABC"),
    "a placeholder": ("json", '{"token": "ghp_' + "x" * 36 + '"}'),
    "an access token for who asked": ("json", '{"access_token":"gho_' + "k3Jd82hsLq0ZxVb71mNcR5tYwE9uAo4PfG6i" + '","token_type":"bearer"}'),
    "Stripe's publishable key": ("script", "Stripe('pk_live_9sKd83hfLq02ZxVbmNcR5tYw')"),
    "Stripe's test key": ("script", "Stripe('" + "sk_" + "test_9sKd83hfLq02ZxVbmNcR5tYw')"),
    "Google's key for maps": ("html", "<script src='https://maps.googleapis.com/maps/api/js?key=AIza" + "SyD83hfLq02ZxVbmNcR5tYwE9uAo4PfG6ik'></script>"),
    "a key cut by dots": ("text", "-----BEGIN RSA PRIVATE KEY-----\n...\n-----END RSA PRIVATE KEY-----"),
    "a public key": ("text", block("").replace("PRIVATE", "PUBLIC")),
    "a certificate": ("text", block("").replace("PRIVATE KEY", "CERTIFICATE")),
    "a tutorial with a whole key": ("html", PROSE + f"<pre>{block('RSA ')}</pre>" + PROSE),
    "a manual with a token": ("html", PROSE + f"<code>{GITHUB}</code>" + PROSE),
    "a connection string to fill in": ("text", "postgres://user:password@localhost/db"),
    "a connection string with a variable": ("text", "postgres://app:${DB_PASSWORD}@db/app"),
    "an address with a user only": ("text", "https://github.com/a/b ftp://anonymous@ftp.example.org/"),
}  # fmt: skip


@pytest.mark.parametrize("name", LEAKED)
def test_leaked(name: str) -> None:
    kind, body = LEAKED[name]
    found = proofs(exchange(body, kind=kind))
    assert [proof.weakness.class_ for proof in found] == ["secret"]
    assert found[0].grade == "confirmed"
    assert found[0].secret


@pytest.mark.parametrize("name", HARMLESS)
def test_harmless(name: str) -> None:
    kind, body = HARMLESS[name]
    assert classes(exchange(body, kind=kind)) == []
