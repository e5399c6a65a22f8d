"""Raw bytes to a request, whatever they hold."""

import gzip

from services.detect import rawhttp


def test_an_ordinary_request() -> None:
    asked = rawhttp.parse_request(b"POST /a?b=c HTTP/1.1\r\nHost: x\r\nA:  b \r\n\r\nbody", [])
    assert (asked.method, asked.target, asked.version) == (b"POST", b"/a?b=c", "1.1")
    assert asked.headers == [(b"Host", b"x"), (b"A", b"b")]
    assert asked.body.kept == b"body"


def test_blanks_in_a_target_belong_to_it() -> None:
    assert rawhttp.parse_request(b"GET /a b HTTP/1.1\n\n", []).target == b"/a b"
    assert rawhttp.parse_request(b"GET /a b", []).target == b"/a b"


def test_lines_without_a_colon_are_named_and_folded_lines_joined() -> None:
    anomalies: list[str] = []
    asked = rawhttp.parse_request(b"GET / HTTP/1.1\nA: b\n c\nnonsense\n\n", anomalies)
    assert asked.headers == [(b"A", b"b c"), (b"nonsense", b"")]
    assert anomalies == ["bad_header"]


def test_chunks_are_joined_and_gzip_undone() -> None:
    head = b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert rawhttp.parse_request(head + b"2\r\nab\r\n1\r\nc\r\n0\r\n\r\n", []).body.kept == b"abc"
    assert rawhttp.parse_request(head + b"2\r\nabnonsense", []).body.kept == b"abnonsense"
    packed = b"POST / HTTP/1.1\r\nContent-Encoding: gzip\r\n\r\n" + gzip.compress(b"abc")
    assert rawhttp.parse_request(packed, []).body.kept == b"abc"


def test_a_response() -> None:
    answer = rawhttp.parse_response(b"HTTP/1.1 404 Not Found\r\nA: b\r\n\r\nno")
    assert (answer.status, answer.headers, answer.body.kept) == (404, [(b"A", b"b")], b"no")
    assert rawhttp.parse_response(b"").status == 0
