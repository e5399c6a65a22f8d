"""What leaves for people carries tokens where secrets stood, and keeps the attack readable."""

import pytest

from services.runtime.masking import Masker, luhn, sensitive

MASK = Masker(b"a key")

# Made up here: numbers that pass the checksum, tokens of known forms.
CARD = "4242 4242 4242 4242"
WEB_TOKEN = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhbm4ifQ."


def test_equal_values_have_equal_tokens_and_only_under_one_key() -> None:
    assert MASK.token("s3cret") == MASK.token("s3cret") != MASK.token("s3creT")
    assert MASK.token("s3cret") != Masker(b"another").token("s3cret")
    assert "s3cret" not in MASK.token("s3cret")


def test_a_masker_without_a_key_is_refused() -> None:
    with pytest.raises(ValueError, match="needs a key"):
        Masker(b"")


@pytest.mark.parametrize(
    ("where", "secret"),
    [
        ("cookie.anything", True),
        ("header.authorization", True),
        ("header.x-api-key", True),
        ("body.form.userPassword", True),
        ("body.json.card.cvv", True),
        ("query.access_token", True),
        ("cookie.PHPSESSID", True),
        ("query.author", False),
        ("query.passenger", False),
        ("body.json.spinner", False),
        ("header.user-agent", False),
        ("path.2", False),
    ],
)
def test_a_point_is_a_secret_by_its_name(where: str, secret: bool) -> None:
    assert sensitive(where) is secret


@pytest.mark.parametrize("text", [f"my card is {CARD}, thanks", CARD.replace(" ", "-"), WEB_TOKEN])
def test_secrets_of_known_form_go_wherever_they_stand(text: str) -> None:
    shown = MASK.value("body.json.note", text)
    assert "4242" not in shown
    assert "eyJ" not in shown
    assert "[masked " in shown


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("paid with 4242424242424242.", "4242"),
        ("/pay?card=4242424242424242.", "4242"),
        ('cut {"password": ["hunter2", "other', "hunter2"),
        ("passwort=hunter2 pw=hunter3", "hunter"),
        ("BEARER abcdefgh12345678", "abcdefgh"),
        ("-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXk\n-----END", "b3BlbnNz"),
        ("-----BEGIN EC PRIVATE KEY-----\nMHcCAQEEIF\n-----END", "MHcCAQ"),
    ],
)
def test_no_spelling_keeps_a_secret_readable(text: str, secret: str) -> None:
    assert secret not in MASK.text(text)


def test_numbers_that_are_no_cards_stay() -> None:
    assert MASK.text("order 4242424242424241 at 1660219280762") == (
        "order 4242424242424241 at 1660219280762"
    )
    assert luhn([4, 2] * 8)
    assert not luhn([0] * 16)


def test_the_payload_in_a_secret_point_stays_readable() -> None:
    shown = MASK.value("cookie.sid", "81f0c2' or 1=1--", (6, 16))
    assert shown.endswith("' or 1=1--")
    assert "81f0c2" not in shown


def test_headers_keep_their_names_and_lose_their_secrets() -> None:
    assert MASK.header("Cookie", "lang=en; sid=81f0c2").count("[masked ") == 2
    assert MASK.header("Set-Cookie", "sid=81f0c2; Path=/; HttpOnly").endswith("; Path=/; HttpOnly")
    assert MASK.header("Host", "shop.example") == "shop.example"


def test_a_target_loses_the_secrets_of_its_query_only() -> None:
    shown = MASK.target("/login?user=ann&access_token=81f0%32&next=/home")
    assert shown == f"/login?user=ann&access_token={MASK.token('81f02')}&next=/home"


def test_pairs_inside_a_text_lose_their_values() -> None:
    assert MASK.text("user=ann&password=hunter2") == f"user=ann&password={MASK.token('hunter2')}"
    assert "hunter2" not in MASK.text('{"password": "hunter2"}')


@pytest.mark.parametrize(
    "target",
    ["/a;jsessionid=S3CRET?x=1", "http://bob:S3CRET@h/x", "/cb#access_token=S3CRET",
     "/x?a=1;password=S3CRET", "/x?d=%7B%22password%22%3A%22S3CRET%22%7D",
     "/x?to=https%3A%2F%2Fa%2F%3Ftoken%3DS3CRET"],
)  # fmt: skip
def test_a_target_has_no_place_to_hide_a_secret(target: str) -> None:
    assert "S3CRET" not in MASK.target(target)
    assert "[masked " in MASK.target(target)


@pytest.mark.parametrize("url", ["https://a/?token=S3CRET", "https://a/cb#access_token=S3CRET",
                                 "0;url=/x?password=S3CRET"])  # fmt: skip
def test_an_address_in_a_header_is_searched(url: str) -> None:
    assert "S3CRET" not in MASK.header("Referer", url)


@pytest.mark.parametrize("blank", ["+", "%20", "-", ""])
def test_a_card_in_a_query_is_found_however_its_blanks_are_written(blank: str) -> None:
    masked = MASK.target("/pay?n=" + blank.join(("4111", "1111", "1111", "1111")))
    assert "[masked " in masked
    assert "4111" not in masked


def test_pairs_within_pairs_are_followed_to_the_last_one() -> None:
    assert "S3CRET" not in MASK.text("a=" * 5_000 + "password=S3CRET")


def test_a_cookie_without_a_name_is_a_secret_too() -> None:
    assert "opaque" not in MASK.header("Cookie", "opaquesecret; a=b")
    shown = MASK.header("Set-Cookie", "opaquesecret; Path=/")
    assert "opaque" not in shown
    assert shown.endswith("; Path=/")


def test_only_a_whole_token_counts_as_masked() -> None:
    assert "really" not in MASK.text('{"password": "[masked-not really"}')
    masked = MASK.text('{"password": "hunter2"}')
    assert MASK.text(masked) == masked
