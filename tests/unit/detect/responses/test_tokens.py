"""Tokens that prove nothing, and tokens that do."""

import hashlib
import hmac

import pytest

from tests.unit.detect.responses.cases import AT_US, exchange, proofs, rules, token

NOW = AT_US // 1_000_000
CLAIMS = '{"sub":"7","exp":%d}'
FRESH, STALE = CLAIMS % (NOW + 600), CLAIMS % (NOW - 86_400)


def signed(key: bytes, claims: str = FRESH, algorithm: str = "HS256") -> bytes:
    head, body = f'{{"alg":"{algorithm}","typ":"JWT"}}', claims
    plain = token(head, body).rstrip(b".")
    digest = {"HS256": hashlib.sha256, "HS384": hashlib.sha384, "HS512": hashlib.sha512}[algorithm]
    return token(head, body, hmac.new(key, plain, digest).digest())


def unsigned(algorithm: str) -> bytes:
    return token(f'{{"alg":"{algorithm}"}}', FRESH)


GOOD = signed(b"\x93\x11" * 16)
WEAK = {
    "none": unsigned("none"), "None": unsigned("None"), "NONE": unsigned("NONE"), "nOnE": unsigned("nOnE"),
    "secret": signed(b"secret"), "password": signed(b"password"), "changeme": signed(b"changeme"),
    "an example's": signed(b"your-256-bit-secret"), "384 bits": signed(b"secret", algorithm="HS384"),
    "512 bits": signed(b"admin", algorithm="HS512"), "an empty key": signed(b""), "123456": signed(b"123456"),
}  # fmt: skip
SOUND = {
    "a long key": GOOD, "another key": signed(b"kD83hfLq02ZxVbmNcR5tYwE9uAo4PfG6"), "a key pair": token('{"alg":"RS256"}', FRESH, b"x" * 256),
    "an elliptic key": token('{"alg":"ES256"}', FRESH, b"x" * 64), "no token": b"abc.def.ghi", "half a token": GOOD.split(b".")[0] + b".eyJ.",
    "no JSON": token("eyJx", "{}", b"x"), "a list": token("[1]", FRESH, b"x"), "no algorithm": token('{"typ":"JWT"}', FRESH, b"x" * 32),
    "encrypted": token('{"alg":"dir","enc":"A256GCM"}', FRESH, b"x" * 32), "an odd algorithm": token('{"alg":7}', FRESH, b"x" * 32),
}  # fmt: skip


def bearer(value: bytes) -> list[tuple[bytes, bytes]]:
    return [(b"Authorization", b"Bearer " + value)]


@pytest.mark.parametrize("name", WEAK)
def test_weak(name: str) -> None:
    (proof,) = proofs(exchange("{}", kind="json", headers=bearer(WEAK[name])))
    assert proof.weakness.class_ == "weak_token"
    assert proof.secret


@pytest.mark.parametrize("name", SOUND)
def test_sound(name: str) -> None:
    assert rules(exchange("{}", kind="json", headers=bearer(SOUND[name]))) == []


def test_a_weak_token_that_was_refused_says_nothing() -> None:
    assert rules(exchange(status=401, headers=bearer(WEAK["none"]))) == []


def test_a_weak_token_that_is_handed_out() -> None:
    made = [(b"Set-Cookie", b"id=" + WEAK["secret"] + b"; HttpOnly")]
    assert rules(exchange(got=made)) == ["weak_token.guessed"]


def test_an_expired_token_counts_where_the_answer_is_for_its_owner() -> None:
    headers = bearer(signed(b"\x93\x11" * 16, STALE))
    assert rules(exchange("{}", kind="json", target="/api/me", headers=headers)) == [
        "weak_token.expired"
    ]
    assert rules(exchange("{}", kind="json", target="/api/news", headers=headers)) == []
    assert rules(exchange("{}", kind="json", target="/api/me", status=401, headers=headers)) == []
