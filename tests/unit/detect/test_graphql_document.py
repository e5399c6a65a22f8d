"""The shape of GraphQL documents."""

import pytest

from services.detect.graphql_document import BEGIN, Shape, shape

FRAGMENTS = b"query{a{...F}} fragment F on T{b{...G}} fragment G on U{c{d}}"


@pytest.mark.parametrize(
    ("document", "found"),
    [
        (b"{a}", Shape(depth=1, repeats=1)),
        (b"query Q($v: [T!] = [{a: {b: {}}}]) { a(x: {y: {z: 1}}) { b } }", Shape(2, 0, 1)),
        (b"{ a { edges { node { b { nodes { c } } } } } }", Shape(3, 0, 1)),
        (b"{ a ... on T { b { c } } }", Shape(2, 0, 1)),
        (b"{ a ... @include(if: true) { b } }", Shape(1, 0, 1, 1)),
        (b"{ x: a(i: 1) y: a(i: 2) a b c }", Shape(1, 2, 1)),
        (b"{ ...{x: a} ...on T{y: a} ...{...{z: a}} }", Shape(1, 3, 0)),
        (b"{ x: login y: login }", Shape(1, 2, 0, guesses=2)),
        (b"{ a { b } c { b } }", Shape(2, 0, 1)),
        (b"{ a a, a #a a a\n }", Shape(1, 0, 3)),
        (b'{ a(t: "{ { { @ @ b b b") }', Shape(1, 0, 1)),
        (b'{ a(t: """ " { { ) @""") @x @y(if: "@") b @z }', Shape(1, 0, 1, 2)),
        (b"query Q @a @b { c }", Shape(1, 0, 1, 2)),
        (FRAGMENTS, Shape(4, 1, 1)),
        (b"fragment A on T{a ...B} fragment B on T{b ...A} {...A}", Shape(1, 1, 1, 0, True)),
        (b"fragment A on T{a{...A}} {...A}", Shape(2, 1, 1, 0, True)),
        (b"{ a { b ", Shape(2, 0, 1)),
        (b"} } ) : @ ... {", Shape(1, 0, 0, 1)),
        (b"", Shape()),
    ],
)
def test_shape(document: bytes, found: Shape) -> None:
    assert shape(document) == found


def test_fragments_that_double_are_put_in_once() -> None:
    names = [f"fragment F{n} on T{{a{{...F{n + 1} ...F{n + 1}}}}}" for n in range(40)]
    document = " ".join([*names, "fragment F40 on T{a}", "{...F0}"])
    assert shape(document.encode()).depth == 41


def test_where_a_document_begins() -> None:
    for document in (b" #x\n{a}", b"query Q{a}", b"\xef\xbb\xbfmutation{a}"):
        assert BEGIN.match(document)
    for text in (b"queries {a}", b"[1]", b'"{"', b"a {b}", b'{"a": 1}', b"{}", b"{ }"):
        assert not BEGIN.match(text)
