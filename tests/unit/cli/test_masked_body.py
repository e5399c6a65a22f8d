"""Bodies for people: a secret stays inside whatever form it is sent in."""

import pytest

from services.cli.masked_body import masked_body
from services.runtime.masking import Masker

MASKER = Masker(b"a key of this test")
FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=x"


@pytest.mark.parametrize(
    ("kind", "body", "secret"),
    [
        ("application/json", '{"password": "correct horse battery"}', "horse"),
        ("application/json", '{"password":"a,b;c\'d"}', "c'd"),
        ("application/json", '{"password":  "hunter2"}', "hunter2"),
        ("application/json", '{"passwords": ["hunter2", {"x": "hunter3"}]}', "hunter"),
        ("application/json", '{"pass\\u0077ord": "hunter2"}', "hunter2"),
        ("application/json", '{"pin": 739105}', "739105"),
        ("application/json", '{"user": {"session": "hunter2 and more"}', "hunter2"),
        ("application/json", '{"card": "4111 1111 1111 1111"}', "1111 1111"),
        ("application/json", '{"number": 4111111111111111}', "1111"),
        ("application/json", '{"4111111111111111": true}', "1111"),
        ("application/json", '{"password": ["hunter2", "cut', "hunter2"),
        ("", '{"password": "correct horse battery"}', "battery"),
        (FORM, "user=ann&user%5Bpassword%5D=hunter2", "hunter2"),
        (FORM, "pass%77ord=hunter2", "hunter2"),
        (MULTIPART, '--x\r\nA: x; name="password"\r\n\r\nhunter2\r\n--x--', "hunter2"),
        ("text/xml", "<login><password>hunter two</password></login>", "two"),
        ("text/plain", "password=" + "h" * 600 + "unter2", "unter2"),
        ("text/plain", "password=[masked-not", "not"),
    ],
)  # fmt: skip
def test_a_secret_is_masked(kind: str, body: str, secret: str) -> None:
    masked = masked_body(MASKER, kind, body)
    assert secret not in masked
    assert "[masked " in masked


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/json", '{"name":"a plain, long; text","count":3,"none":null,"ok":true}'),
        (FORM, "q=shoes&page=2"),
        (MULTIPART, '--x\r\nContent-Disposition: form-data; name="note"\r\n\r\nhello\r\n--x--'),
        ("text/html", "<html><body><p>how to choose a password</p></body></html>"),
    ],
)
def test_the_rest_stays_readable(kind: str, body: str) -> None:
    assert masked_body(MASKER, kind, body) == body


def test_pairs_in_pairs_are_not_followed_without_end() -> None:
    assert masked_body(MASKER, "text/plain", "a=" * 100_000).startswith("a=a=")


def test_equal_secrets_have_equal_tokens_in_every_form() -> None:
    token = MASKER.token("hunter2")
    for kind, body in (
        ("application/json", '{"password":"hunter2"}'),
        (FORM, "password=hunter2"),
        ("text/xml", "<password>hunter2</password>"),
    ):
        assert token in masked_body(MASKER, kind, body)
