"""Where values are found in a request, how deep, and where it ends."""

import base64
import gzip
import json

from services.detect.points import Cutter, Points
from services.detect.view import Bytes, PlainRequest

# As in native/src/points/collect.rs.
DEPTH_MAX = 5
POINTS_MAX = 2_000


def request(
    target: bytes = b"/", kind: bytes = b"", body: bytes = b"", *headers: tuple[bytes, bytes]
) -> PlainRequest:
    typed = [(b"Content-Type", kind)] if kind else []
    return PlainRequest(
        method=b"POST", target=target, version="1.1", headers=[*typed, *headers], body=Bytes(body)
    )


def points(asked: PlainRequest) -> Points:
    return Cutter().request(asked)


def values(asked: PlainRequest, where: str) -> list[bytes]:
    return [point.value for point in points(asked).found if point.where == where]


def test_path_query_headers_and_cookies() -> None:
    asked = request(b"/a%20b/c?q=1+2&n=%41", b"", b"", (b"X-A", b"v"), (b"Cookie", b"s=1; t=2"))
    assert values(asked, "path") == [b"/a%20b/c", b"/a b/c"]
    assert values(asked, "path.1") == [b"a%20b", b"a b"]
    assert values(asked, "query.q") == [b"1 2"]
    assert values(asked, "query.n") == [b"%41", b"A"]
    assert values(asked, "header.x-a") == [b"v"]
    assert values(asked, "cookie.t") == [b"2"]


def test_bodies_by_what_they_are() -> None:
    form = request(b"/", b"application/x-www-form-urlencoded", b"a=1&b=c+d")
    assert values(form, "body.form.b") == [b"c d"]
    nested = json.dumps({"u": {"n": ["x", {"m": "y"}]}}).encode()
    assert values(request(b"/", b"", nested), "body.json.u.n[].m") == [b"y"]
    xml = request(b"/", b"text/xml", b'<a k="v"><b>t</b><![CDATA[u]]></a>')
    assert values(xml, "body.xml.a@k") == [b"v"]
    assert values(xml, "body.xml.b") == [b"t", b"u"]
    part = b'--x\r\nContent-Disposition: form-data; name="f"; filename="n.txt"\r\n\r\nhi\r\n--x--'
    multipart = request(b"/", b"multipart/form-data; boundary=x", part)
    assert values(multipart, "body.file.f") == [b"hi"]
    assert values(multipart, "body.file.name.f") == [b"n.txt"]


def test_claims_of_tokens_and_literals_of_graphql_are_values() -> None:
    parts = [
        base64.urlsafe_b64encode(part).rstrip(b"=") for part in (b'{"kid":"k"}', b'{"sub":"s"}')
    ]
    asked = request(b"/", b"", b"", (b"Authorization", b"Bearer " + b".".join([*parts, b"x"])))
    assert values(asked, "header>json.authorization.header.kid") == [b"k"]
    assert values(asked, "header>json.authorization.payload.sub") == [b"s"]
    document = 'mutation { add(note: {text: "a \\"b\\""}) { id } }'
    wrapped = request(b"/graphql", b"application/json", json.dumps({"query": document}).encode())
    assert values(wrapped, "body.json>graphql.query.text") == [b'a "b"']
    bare = request(b"/graphql", b"application/graphql", document.encode())
    assert values(bare, "body.graphql.text") == [b'a "b"']


def test_packed_bodies_are_read_whatever_their_headers_say() -> None:
    packed = gzip.compress(b"' or 1=1")
    assert b"' or 1=1" in values(request(b"/", b"application/octet-stream", packed), "body")
    bombs = b"&".join(b"n=" + base64.b64encode(gzip.compress(b"a" * 3_000_000)) for _ in range(9))
    found = points(request(b"/", b"application/x-www-form-urlencoded", bombs))
    assert found.overlimit == ["total bytes", "value bytes"]


def test_a_wrong_content_type_hides_nothing() -> None:
    assert values(request(b"/", b"text/plain", b'{"a": "x"}'), "body.json.a") == [b"x"]
    assert values(request(b"/", b"text/plain", b"a=x"), "body.form.a") == [b"x"]


def test_the_second_of_two_equal_keys_hides_nothing() -> None:
    assert values(request(b"/", b"", b'{"a": "x", "a": "y"}'), "body.json.a") == [b"x", b"y"]


def test_json_lines_and_broken_json() -> None:
    assert values(request(b"/", b"", b'{"a": "x"}\n{"a": "y"}\n'), "body.json.a") == [b"x", b"y"]
    assert values(request(b"/", b"application/json", b'{"a": "x'), "body") == [b'{"a": "x']


def test_layers_come_off_one_by_one_and_say_so() -> None:
    inner = base64.b64encode(json.dumps({"k": "<b>&lt;"}).encode()).decode()
    asked = request(f"/?q={inner.replace('=', '%3D')}".encode())
    deepest = [p for p in points(asked).found if p.value == b"<b><"]
    assert {p.where for p in deepest} == {"query>json.q.k"}
    assert deepest[0].chain == ("entities",)


def test_no_entity_of_xml_is_expanded() -> None:
    document = b'<!DOCTYPE a [<!ENTITY b "cccc">]><a>&b;</a>'
    assert values(request(b"/", b"", document), "body.xml.a") == [b"&b;"]
    assert values(request(b"/", b"", document), "document") == [document]


def test_budgets_are_kept_and_named() -> None:
    value = b"a"
    for _ in range(DEPTH_MAX + 2):
        value = value.replace(b"%", b"%25") if b"%" in value else b"%" + value.hex().encode()
    assert points(request(b"/?q=" + value)).overlimit == ["decoding depth"]
    many = b"/?" + b"&".join(b"a%d=1" % i for i in range(POINTS_MAX))
    assert len(points(request(many)).found) <= POINTS_MAX
    assert points(request(b"/", b"text/plain", b"x y" * 400_000)).overlimit == ["value bytes"]
    wide = json.dumps({str(i): "x" for i in range(2_000)}).encode()
    assert points(request(b"/", b"", wide)).overlimit == ["pairs"]


def test_json_too_deep_is_looked_at_as_it_stands() -> None:
    deep = b'{"a":' * 80 + b'"x"' + b"}" * 80
    assert values(request(b"/", b"application/json", deep), "body") == [deep]


def test_a_header_seen_clean_costs_the_same_and_gives_no_points() -> None:
    cutter = Cutter()
    asked = request(b"/", b"", b"", (b"X-A", b"some value"))
    first = cutter.request(asked)
    cutter.learn(first)
    second = cutter.request(asked)
    assert second.cut.spent == first.cut.spent
    assert [p.where for p in first.found if p not in second.found] == ["header.x-a", "header.name"]


def test_a_header_is_known_by_its_name_and_its_value() -> None:
    cutter = Cutter()
    cutter.learn(cutter.request(request(b"/", b"", b"", (b"ab", b"c"))))
    other = cutter.request(request(b"/", b"", b"", (b"a", b"bc")))
    assert "header.a" in [point.where for point in other.found]


def test_the_joined_values_are_all_values_each_with_a_line_end() -> None:
    found = points(request(b"/a?q=1", b"", b"", (b"X-A", b"v")))
    assert found.cut.joined() == b"".join(point.value + b"\n" for point in found.found)
    assert len(found) == len(found.found)
