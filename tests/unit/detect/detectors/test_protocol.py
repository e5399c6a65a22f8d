"""Request smuggling: what must fire, and what must not."""

from dataclasses import replace

import pytest

from services.detect.detectors.protocol import DETECTOR
from services.detect.rawhttp import exchange
from services.detect.smuggling import ASKED_AT, of_the_request, smuggling
from services.detect.view import Bytes, PlainRequest
from tests.unit.detect.detectors.cases import (
    body,
    check_attacks,
    check_fires,
    check_silent,
    form,
    header,
    inspector,
)

HEAD = b"POST /cart HTTP/1.1\r\nHost: shop.example\r\n"
LENGTH, CHUNKED = b"Content-Length: 4\r\n", b"Transfer-Encoding: chunked\r\n"

FIRES = {
    "protocol.lookalike-header": [
        (header, "Transfer_Encoding: chunked"),
        (header, "Transfer-Encoding\x0b: chunked"),
        (header, "\x01Content-Length: 5"),
    ],
    "protocol.request-in-body": [
        (form, "GET /admin HTTP/1.1\r\nX-Ignore: a"),
        (form, "0\r\n\r\nDELETE /users/1 HTTP/1.1\r\nHost: inside\r\n\r\n"),
    ],
}
ATTACKS = [(header, "Transfer Encoding: chunked")]
SILENT = [
    (header, "X-Transfer-Encoding: 7bit"),
    (header, "Content-Transfer-Encoding: binary"),
    (header, "Transfer-Encoding: chunked"),
    (form, "note=The first line is GET /admin HTTP/1.1"),
    (body, '{"log": "GET /admin HTTP/1.1 200"}'),
]

# What the headers of a request say, and the rules that speak of them.
FRAMINGS = [
    (LENGTH + CHUNKED, {"two-framings"}),
    (b"Transfer-Encoding : chunked\r\n", {"hidden-coding"}),
    (LENGTH + b"Transfer-Encoding: xchunked\r\n", {"hidden-coding", "two-framings"}),
    (b"Transfer-Encoding:\r\n chunked\r\n", {"hidden-coding"}),
    (CHUNKED + b"Transfer-Encoding: cow\r\n", {"hidden-coding"}),
    (b"Transfer-Encoding: chunked, identity, x\r\n", {"hidden-coding"}),
    (b'Transfer-Encoding: "chunked"\r\n', {"hidden-coding"}),
    (LENGTH + b"Content-Length: 5\r\n", {"two-lengths"}),
    (b"Content-Length: 4, 40\r\n", {"two-lengths"}),
    (b"Content-Length: +4\r\n", {"odd-length"}),
    (b"Content-Length: 0x4\r\n", {"odd-length"}),
    (b"Content-Length: 4 4\r\n", {"odd-length"}),
    (b"Content-Length: 36893488147419103236\r\n", {"odd-length"}),
]
HARMLESS = [
    LENGTH,
    CHUNKED,
    b"Transfer-Encoding: gzip, chunked\r\n",
    b"Transfer-Encoding: Chunked\r\n",
    LENGTH + b"Transfer-Encoding: identity\r\n",
    b"Transfer-Encoding: identity, chunked\r\n",
    LENGTH + LENGTH,
    b"Content-Length: 4, 4\r\n",
    b"Content-Length:\r\n",
    b"Content-Length: undefined\r\n",
    b"Content-Length: -1\r\n",
    b"Content-Length: 4.0\r\n",
    b"Host: inside.example\r\n",
    b"X-Long: one\r\n two\r\n",
    b"Accept : */*\r\n",
    b"no colon here\r\n",
]


def said(raw: bytes) -> set[str]:
    """The rules that call the request smuggling, those of its framing first."""
    given = exchange("1", raw)
    assert given.request is not None
    verdict = inspector().inspect(given.request, anomalies=given.anomalies)
    assert ("protocol" in verdict.scores) == bool(verdict.scores)
    return {one.rule.id.partition(".")[2] for one in verdict.signals} if verdict.scores else set()


def test_every_rule_fires_on_its_cases() -> None:
    assert sum(len(cases) for cases in FIRES.values()) == 5
    check_fires(DETECTOR, FIRES)


def test_whole_attacks_are_called_so() -> None:
    check_attacks(DETECTOR, ATTACKS)


def test_look_alikes_are_silent() -> None:
    check_silent(SILENT)


@pytest.mark.parametrize(("headers", "rules"), FRAMINGS)
def test_a_framing_that_two_servers_read_differently(headers: bytes, rules: set[str]) -> None:
    assert said(HEAD + headers + b"\r\n4\r\nabcd\r\n0\r\n\r\n") == rules


@pytest.mark.parametrize("headers", HARMLESS)
def test_odd_but_harmless_framings(headers: bytes) -> None:
    assert said(HEAD + headers + b"\r\n4\r\nabcd\r\n0\r\n\r\n") == set()


def test_lone_line_feeds_and_extensions_of_chunks_are_harmless() -> None:
    plain = HEAD + CHUNKED + b"\r\n4;name=v\r\nabcd\r\n0\r\n\r\n"
    assert said(plain) == set()
    assert said(plain.replace(b"\r\n", b"\n")) == set()


def test_what_is_smuggled_behind_the_last_chunk_is_looked_at() -> None:
    hidden = b"GET /admin HTTP/1.1\r\nHost: inside\r\n\r\n"
    raw = HEAD + LENGTH + CHUNKED + b"\r\n0\r\n\r\n" + hidden
    assert {"two-framings", "request-in-body"} <= said(raw)


def test_broken_chunks_make_it_surer_and_are_nothing_alone() -> None:
    odd = b"\r\nnone\r\nabcd\r\n0\r\n\r\n"
    assert said(HEAD + CHUNKED + odd) == set()
    assert said(HEAD + LENGTH + CHUNKED + odd) == {"two-framings", "bad-chunk"}


def test_a_coding_in_http2() -> None:
    told = [(b"transfer-encoding", b"chunked")]
    asked = PlainRequest(method=b"POST", target=b"/", version="2", headers=told, body=Bytes(b"0"))
    assert set(inspector().inspect(asked).scores) == {"protocol"}


def spoken(raw: bytes, anomalies: list[str], answer: bytes = b"") -> set[str]:
    """The rules that speak where reassembly names these anomalies of the exchange."""
    given = replace(exchange("1", raw, answer or None), anomalies=anomalies)
    assert given.request is not None
    return {
        rule.id.partition(".")[2] for rule, _ in smuggling(given.request, of_the_request(given))
    }


ANSWER = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
BOTH = HEAD + LENGTH + CHUNKED + b"\r\n0\r\n\r\n"


@pytest.mark.parametrize("anomaly", sorted(ASKED_AT))
@pytest.mark.parametrize("headers", HARMLESS)
def test_an_anomaly_of_the_answer_accuses_nobody(headers: bytes, anomaly: str) -> None:
    raw = HEAD + headers + CHUNKED.replace(b"chunked", b"gzip, chunked") + b"\r\n0\r\n\r\n"
    if b"ength" not in headers and b"ncoding" not in headers:
        assert spoken(raw, [anomaly], ANSWER) <= {"bad-chunk"}
    assert spoken(HEAD + CHUNKED + b"\r\n0\r\n\r\n", [anomaly], ANSWER) <= {"bad-chunk"}


@pytest.mark.parametrize("lost", ["overlap_conflict", "gap_in_body", "truncated_packets"])
def test_nobody_hides_behind_lost_or_doubled_bytes(lost: str) -> None:
    assert spoken(BOTH, ["ambiguous_framing", lost]) == {"two-framings"}


def test_of_a_head_that_was_not_seen_whole_nothing_is_said() -> None:
    assert spoken(BOTH, ["ambiguous_framing", "gap_in_head"]) == set()
    assert spoken(BOTH, ["ambiguous_framing", "bad_chunk", "gap_in_body"]) == {"two-framings"}


def test_a_coding_that_proxies_copy_is_no_attack_alone() -> None:
    assert spoken(HEAD + CHUNKED + CHUNKED + b"\r\n", ["unknown_transfer_encoding"]) == set()
    compressed = HEAD + b"Transfer-Encoding: br, chunked\r\n\r\n"
    assert spoken(compressed, ["unknown_transfer_encoding"]) == set()
