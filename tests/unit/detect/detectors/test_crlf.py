"""Header injection: what must fire, and what must not."""

from services.detect.detectors.crlf import DETECTOR
from tests.unit.detect.detectors.cases import (
    check_attacks,
    check_fires,
    check_silent,
    path,
    query,
)

FIRES = {
    "crlf.header": [(query, "x\r\nSet-Cookie: a=b")],
    "crlf.status-line": [(query, "x\r\nHTTP/1.1 200 OK")],
    "crlf.body": [(query, "x\r\n\r\n<html>")],
    "crlf.name": [
        (path, "/?a%0d%0ab=1"),
    ],
    "crlf.path": [
        (path, "/a%0ab"),
    ],
    "crlf.line-in-query": [
        (query, "x\r\nremote-addr: y"),
    ],
    "crlf.request-line": [
        (query, "GET http://x.example/ HTTP/1.2"),
    ],
}

ATTACKS = [
    (query, "x\r\nLocation: http://x.example/"),
    (query, "x%250d%250aSet-Cookie: a=b"),
]

SILENT = [
    (query, "line one\r\nline two"),
    (query, "Dear all,\r\n\r\nthank you for the host and the rest.\r\n"),
    (query, "a\nb\nc"),
    (query, "server: nginx"),
    (query, "host: x"),
    (query, "two\nlines of words that somebody wrote"),
    (path, "/?users%5B0%5D=a"),
    (query, "get it over http"),
]


def test_every_rule_fires_on_its_cases() -> None:
    assert sum(len(cases) for cases in FIRES.values()) == 7
    check_fires(DETECTOR, FIRES)


def test_whole_attacks_are_called_so() -> None:
    check_attacks(DETECTOR, ATTACKS)


def test_look_alikes_are_silent() -> None:
    check_silent(SILENT)
