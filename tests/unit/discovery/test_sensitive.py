"""Sensitive data: by the form of values, by names, and where it flows."""

import json
from typing import Any

import pytest

from schemas.types import Endpoint
from services.discovery.sensitive import named_kind
from tests.inventory import discovered
from tests.traffic import exchange

JSON = (b"Content-Type", b"application/json")
ANSWER = {
    "id": 17,
    "createdAt": 1_700_000_000_000,
    "user": {"email": "ann@shop.example", "firstName": "Ann", "emailVerified": True},
    "cards": [{"number": "4111 1111 1111 1111", "cvv": "123"}],
    "iban": "DE89370400440532013000",
    "total": 12.5,
}


def told(answers: list[Any], target: str = "/orders", **more: Any) -> Endpoint:
    records = [
        exchange(target, at_s=200 * i, got=json.dumps(a).encode(), got_headers=[JSON], **more)
        for i, a in enumerate(answers)
    ]
    (endpoint,) = discovered(records).values()
    return endpoint


def places(endpoint: Endpoint) -> set[tuple[str, str, str]]:
    return {(p.direction, p.where, p.kind) for p in endpoint.sensitive_at}


def test_what_leaves_is_named_by_place() -> None:
    endpoint = told([ANSWER] * 3)
    head = "200 application/json $"
    assert places(endpoint) == {
        ("out", f"{head}.user.email", "email"),
        ("out", f"{head}.user.firstName", "person_name"),
        ("out", f"{head}.cards[].number", "card"),
        ("out", f"{head}.cards[].cvv", "credential"),
        ("out", f"{head}.iban", "iban"),
    }
    assert endpoint.sensitive == ("card", "credential", "email", "iban", "person_name")
    assert all(0.5 <= place.score <= 1 for place in endpoint.sensitive_at)


def test_numbers_with_a_card_digit_by_chance_are_no_cards() -> None:
    numbers = [{"orders": [{"number": 4_111_111_111_111_111 + i} for i in range(30)]}] * 3
    assert told(numbers).sensitive == ()


def test_one_address_in_many_comments_is_no_address() -> None:
    texts: list[Any] = [{"comment": "very good, thank you"} for _ in range(30)]
    assert told([*texts, {"comment": "ann@shop.example"}]).sensitive == ()
    assert told([*texts, {"comment": "AKIAIOSFODNN7EXAMPLE"}]).sensitive == ("secret",)


def test_what_comes_in_has_its_place() -> None:
    sent = json.dumps({"login": "ann", "password": "x" * 9}).encode()
    endpoint = told(
        [{}] * 3, "/login?access_token=abcdefgh", method="POST", headers=[JSON], sent=sent
    )
    assert places(endpoint) == {
        ("in", "query access_token", "token"),
        ("in", "body application/json $.password", "credential"),
    }
    assert [p.sensitive for p in endpoint.parameters if p.name == "access_token"] == [("token",)]


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("newPassword", "credential"),
        ("card_number", "card"),
        ("SSN", "national_id"),
        ("homePhone", "phone"),
        ("dateOfBirth", "birth_date"),
        ("passwordPolicy", ""),
        ("phoneVerified", ""),
        ("spinner", ""),
        ("name", ""),
        ("", ""),
    ],
)
def test_names_speak_by_their_last_words(name: str, kind: str) -> None:
    assert named_kind(name) == kind
