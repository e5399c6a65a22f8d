"""What must hold for any request: no crash, no miss of the quick scan, no memory of others."""

from functools import cache
from urllib.parse import quote

from hypothesis import given, settings
from hypothesis import strategies as st

from services.detect import rawhttp
from services.detect.detectors import DETECTORS
from services.detect.matcher import LAST, Matcher
from services.detect.points import Cutter, Point
from services.detect.verdict import Inspector

RULES = [rule for detector in DETECTORS for rule in detector.rules]
PIECES = [
    b"' or 1=1", b"union select ", b"<script>", b" onload=", b"alert(1)", b"../", b"/etc/passwd",
    b"; cat ", b"| id", b"${jndi:", b"ldap://", b"}", b"{{7*7}}", b"$(", b"`", b")", b"(", b"\n",
    b"\r\n", b"Set-Cookie: a", b"http://127.0.0.1/", b"<!ENTITY ", b"<?php ", b"[$ne]",
    b"__proto__",
    b"*)(uid=*", b"-- ", b"#", b"/*", b"*/", b"%27", b"&lt;", b"\\u003c", b"a", b" ", b"=", b'"',
    b"@{[x]}", b"@", b"\0", b"\xc0\xaf", b"\xff",
]  # fmt: skip
VALUES = st.lists(st.sampled_from(PIECES) | st.binary(max_size=6), max_size=12).map(b"".join)

# As in native/src/points/collect.rs.
POINTS_MAX = 2_000
TOTAL_BYTES_MAX = 1_048_576

# A rule's database is compiled when it first speaks, which takes longer than any deadline.
FEW = settings(deadline=None, max_examples=60)


@cache
def matcher() -> Matcher:
    return Matcher(RULES)


@cache
def inspector() -> Inspector:
    return Inspector()


@FEW
@given(st.lists(VALUES, min_size=1, max_size=4))
def test_the_scan_over_all_misses_nothing_that_a_rule_finds_by_itself(values: list[bytes]) -> None:
    points = [Point("query", b"q", value, value) for value in values]
    joined = b"".join(value + LAST for value in values)
    occurring = {rule.id for rule in matcher().occurring(joined, len(values))}
    alone = {
        rule.id for rule in RULES if any(next(matcher().places(rule, p), None) for p in points)
    }
    assert alone <= occurring


@FEW
@given(VALUES)
def test_a_match_lies_inside_its_value(value: bytes) -> None:
    point = Point("query", b"q", value, value)
    for rule in matcher().occurring(value + LAST, 1):
        for match in matcher().places(rule, point):
            assert 0 <= match.start <= match.end <= len(value)
            assert match.before + match.text + match.after == value


@FEW
@given(st.binary(max_size=400) | VALUES)
def test_any_bytes_are_a_request_with_a_verdict_within_the_budgets(data: bytes) -> None:
    request = rawhttp.parse_request(data, [])
    points = Cutter().request(request)
    assert len(points.found) <= POINTS_MAX
    assert sum(len(point.value) for point in points.found) <= TOTAL_BYTES_MAX
    inspector().inspect(request)


@FEW
@given(VALUES)
def test_each_value_of_a_place_is_there_once(value: bytes) -> None:
    request = rawhttp.parse_request(b"GET / HTTP/1.1\r\nX-A: " + value, [])
    found = [point.value for point in Cutter().request(request).found if point.where == "path"]
    assert len(found) == len(set(found))


@FEW
@given(st.binary(min_size=1, max_size=60))
def test_percent_undoes_what_quote_does(value: bytes) -> None:
    sent = quote(value, safe="").encode()
    request = rawhttp.parse_request(b"GET / HTTP/1.1\r\nX-A: " + sent + b"\r\n\r\n", [])
    found = Cutter().request(request).found
    assert value in [point.value for point in found if point.where == "header.x-a"]


@FEW
@given(VALUES, VALUES)
def test_a_verdict_does_not_depend_on_what_came_before(first: bytes, second: bytes) -> None:
    def verdict(one: Inspector, value: bytes) -> list[tuple[str, str]]:
        head = b"GET /?q=" + quote(value, safe="").encode() + b" HTTP/1.1\r\nX-A: "
        request = rawhttp.parse_request(head + value.replace(b"\n", b" ") + b"\r\n\r\n", [])
        found = one.inspect(request).signals
        return sorted((signal.rule.id, signal.match.point.where) for signal in found)

    used = inspector()
    expected = verdict(used, second)
    verdict(used, first)
    assert verdict(used, second) == expected
