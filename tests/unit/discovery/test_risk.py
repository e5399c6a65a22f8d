"""Risk scores with their factors, and business flows."""

import json
from typing import Any

import pytest

from schemas.types import Endpoint
from tests.inventory import discovered
from tests.traffic import exchange

JSON = (b"Content-Type", b"application/json")
BEARER = (b"Authorization", b"Bearer abc")


def told(target: str, method: str = "GET", **more: Any) -> Endpoint:
    records = [exchange(target, method=method, at_s=200 * i, **more) for i in range(3)]
    (endpoint,) = discovered(records).values()
    return endpoint


def score(endpoint: Endpoint) -> tuple[int, tuple[str, ...]]:
    assert endpoint.risk is not None
    return endpoint.risk.score, endpoint.risk.factors


def test_a_plain_page_is_the_least() -> None:
    assert score(told("/about")) == (1, ("page_or_data",))


def test_what_leaves_without_authentication_weighs_most() -> None:
    answer = json.dumps({"email": "ann@shop.example"}).encode()
    got = {"got": answer, "got_headers": [JSON]}
    assert score(told("/people", **got)) == (
        9,
        ("sensitive_data_without_authentication", "sensitive_data"),
    )
    assert score(told("/people", headers=[BEARER], **got)) == (8, ("sensitive_data",))


def test_factors_stand_in_the_order_of_their_weight() -> None:
    endpoint = told("/admin/users/17", "DELETE", headers=[BEARER])
    assert score(endpoint) == (7, ("administration", "object_ids_in_path"))
    assert score(told("/admin/users/17", "DELETE"))[0] == 9


def test_nobody_signs_in_before_signing_in() -> None:
    assert "writes_without_authentication" not in score(told("/login", "POST"))[1]
    assert "writes_without_authentication" in score(told("/orders", "POST"))[1]


def test_a_secret_in_the_address_is_in_every_log() -> None:
    endpoint = told("/export?password=hunter22", headers=[BEARER])
    assert score(endpoint)[1][0] == "credential_in_url"


def test_what_never_worked_is_not_judged() -> None:
    assert told("/x", status=500).risk is None


@pytest.mark.parametrize(
    ("target", "flows"),
    [
        ("/v1/login", {"login"}),
        ("/auth/passwordReset", {"password_reset"}),
        ("/payments/17/refund", {"payment"}),
        ("/v1/chat/completions", {"llm"}),
        ("/users/me", {"account"}),
        ("/administrators-guide", set()),
        ("/display", set()),
    ],
)
def test_flows_by_the_words_of_the_path(target: str, flows: set[str]) -> None:
    assert set(told(target).tags) == flows


def test_an_upload_is_one_by_its_body() -> None:
    data = (
        b'--b\r\nContent-Disposition: form-data; name="f"; filename="a.png"\r\n\r\nPNG\r\n--b--\r\n'
    )
    kind = (b"Content-Type", b"multipart/form-data; boundary=b")
    endpoint = told("/files", "POST", headers=[kind, BEARER], sent=data)
    assert "upload" in endpoint.tags
    assert score(endpoint) == (6, ("file_upload",))
