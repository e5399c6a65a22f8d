"""The lines of `sidetap inspect`: in, out, and what cannot be read."""

import base64
import json

from services.detect.inspect import inspect_lines

ATTACK = b"GET /?id=1%27%20or%20%271%27=%271 HTTP/1.1\r\nHost: shop.example\r\n\r\n"
PLAIN = b"GET /items HTTP/1.1\r\nHost: shop.example\r\n\r\n"


def line(name: str, request: bytes) -> str:
    return json.dumps({"id": name, "request_b64": base64.b64encode(request).decode()})


def test_verdicts_come_in_order_in_the_form_of_the_contract() -> None:
    attack, plain = inspect_lines([line("a", ATTACK), "", line("b", PLAIN).encode()])
    assert plain == {
        "id": "b", "attack": False, "score": 0.0, "classes": [], "matches": [],
        "vulnerabilities": [], "model": "",
    }  # fmt: skip
    assert (attack["id"], attack["attack"], attack["classes"]) == ("a", True, ["sqli"])
    assert attack["score"] >= 0.5
    assert {match["where"] for match in attack["matches"]} == {"query.id"}
    assert any("' or '1'=" in match["value"] for match in attack["matches"])


def test_a_line_that_cannot_be_read_is_said_and_passed() -> None:
    wrong = ["nonsense", "[]", '{"id": "x"}', '{"id": "y", "request_b64": "*"}']
    answers = list(inspect_lines([*wrong, line("b", PLAIN)]))
    assert [("error" in answer) for answer in answers] == [True] * 4 + [False]
    assert answers[0]["error"].startswith("line 1: not JSON")
    assert "request_b64 is not Base64" in answers[3]["error"]


def test_a_secret_of_an_answer_is_shown_by_its_beginning() -> None:
    key = b"AKIA" + b"Z7QX2M4N8P1R5T3V"
    answer = (
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n"
        + json.dumps(
            {
                "aws_access_key_id": key.decode(),
                "aws_secret_access_key": "wJalrXUtnFEMI" + "x7" * 13,
            }
        ).encode()
    )
    given = json.loads(line("a", PLAIN)) | {"response_b64": base64.b64encode(answer).decode()}
    (verdict,) = inspect_lines([json.dumps(given)])
    assert [found["value"] for found in verdict["vulnerabilities"]] == ["AKIA…"]


def test_requests_broken_on_purpose_are_read() -> None:
    broken = [b"", b"\x00\xff", b"GET", b"GET /a b c?q=<script>go()</script>", b"\r\n\r\n: :\n"]
    answers = list(inspect_lines(line(str(i), data) for i, data in enumerate(broken)))
    assert [answer["classes"] for answer in answers] == [[], [], [], ["xss"], []]
