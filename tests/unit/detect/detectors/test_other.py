"""Session fixation: what must fire, and what must not."""

import pytest

from services.detect.detectors.other import DETECTOR
from services.detect.view import Bytes, PlainRequest
from tests.unit.detect.detectors.cases import check_attacks, check_fires, check_silent

HOST = (b"Host", b"www.shop.example")


def led(value: str) -> PlainRequest:
    """ "Referer target": a GET of the shop."""
    referer, _, target = value.partition(" ")
    headers = [HOST, (b"Referer", referer.encode())] if referer else [HOST]
    return PlainRequest(method=b"GET", target=target.encode(), version="1.1", headers=headers)


def posted(value: str) -> PlainRequest:
    """ "Referer body": a form posted to the shop."""
    referer, _, body = value.partition(" ")
    kind = (b"Content-Type", b"application/x-www-form-urlencoded")
    return PlainRequest(
        method=b"POST", target=b"/login", version="1.1",
        headers=[HOST, kind, (b"Referer", referer.encode())], body=Bytes(body.encode()),
    )  # fmt: skip


FIRES = {
    "other.session-fixation": [
        (led, "https://trap.example.net/ /login?PHPSESSID=k3"),
        (posted, "//trap.test/a user=ann&asp.net_sessionid=9x"),
    ],
}

ATTACKS = [(led, "http://127.0.0.1:81/ /?a=1&connect.sid=s1")]

SILENT = [
    (led, "https://pay.shop.example/done /back?JSESSIONID=ab12"),
    (led, " /login?PHPSESSID=k3"),
    (led, "https://trap.test/ /login?PHPSESSID="),
    (led, "https://news.test/story /beacon?session_id=77&sessions=2"),
    (led, "https://news.test/story /sessions/today?id=4"),
]


def test_every_rule_fires_on_its_cases() -> None:
    assert sum(len(cases) for cases in FIRES.values()) == 2
    check_fires(DETECTOR, FIRES)


def test_whole_attacks_are_called_so() -> None:
    check_attacks(DETECTOR, ATTACKS)


@pytest.mark.parametrize("case", SILENT)
def test_look_alikes_are_silent(case: tuple[object, str]) -> None:
    check_silent([case] * 4)  # type: ignore[list-item]
