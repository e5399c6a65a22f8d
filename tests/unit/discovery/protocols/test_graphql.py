"""GraphQL requests to operations and fields."""

import json

import pytest

from services.discovery.protocols.graphql import (
    FIELDS_MAX,
    failed,
    spoken_json,
    spoken_text,
)  # fmt: skip

USER = "query User($id: ID! = {a: 1}) { user(id: $id, by: {x: [1]}) { id name } }"


@pytest.mark.parametrize(
    ("document", "name", "fields"),
    [
        ("{ me { id } }", "query me", ("query.me", "query.me.id")),
        (USER, "User", ("query.user", "query.user.id", "query.user.name")),
        ("mutation{login(p:\"}{\"){token}}", "mutation login",
         ("mutation.login", "mutation.login.token")),
        ("subscription S { news }", "S", ("subscription.news",)),
        ("{ b a }", "query a,b", ("query.b", "query.a")),
        ("query { first: user { n: name } }", "query user", ("query.user", "query.user.name")),
        ("# me\n{ me @include(if: $x) { id @skip(if: true) } }", "query me",
         ("query.me", "query.me.id")),
        ("query Q { ...F } fragment F on Query { me { ...G } } fragment G on User { id ...F }",
         "Q", ("query.me", "query.me.id")),
        ("{ node { ... on User { name } ... { id } } }", "query node",
         ("query.node", "query.node.name", "query.node.id")),
        ("query A @live { a } query B { b }", "A", ("query.a",)),
        ('{ a(t: """ } " { """) b }', "query a,b", ("query.a", "query.b")),
        ("{ query fragment on }", "query fragment,on,query",
         ("query.query", "query.fragment", "query.on")),
        ("query d41d8cd98f00b204e9800998ecf8427e { a }", "query a", ("query.a",)),
        ("{ a { b ", "query a", ("query.a", "query.a.b")),
        ("query Q { a } }}}} ) b", "Q", ("query.a",)),
    ],
)  # fmt: skip
def test_documents(document: str, name: str, fields: tuple[str, ...]) -> None:
    spoken = spoken_text(document)
    assert spoken is not None
    assert (spoken.operations, spoken.fields) == ((name,), fields)
    assert spoken_json(json.dumps({"query": document}).encode()) == spoken


def test_the_operation_that_is_asked_for_counts() -> None:
    asked = {"query": "query A { a } query B { b }", "operationName": "B"}
    spoken = spoken_json(json.dumps(asked).encode())
    assert spoken is not None
    assert (spoken.operations, spoken.fields) == (("B",), ("query.b",))


def test_a_batch_asks_for_several() -> None:
    spoken = spoken_json(json.dumps([{"query": USER}, {"query": "{me}"}, {"query": USER}]).encode())
    assert spoken is not None
    assert spoken.operations == ("User", "query me")


def test_a_persisted_query_has_the_name_that_comes_with_it() -> None:
    persisted = {"operationName": "Shop", "extensions": {"persistedQuery": {"sha256Hash": "a"}}}
    spoken = spoken_json(json.dumps(persisted).encode())
    assert spoken is not None
    assert spoken.operations == ("Shop",)


@pytest.mark.parametrize(
    "data",
    [b'{"query":"tea"}', b'{"query":"query results"}', b'{"query":7}', b"[]", b"{", b"7",
     b'[{"query":"{a}"},7]', b'{"operationName":"a"}'],
)  # fmt: skip
def test_what_is_none(data: bytes) -> None:
    assert spoken_json(data) is None


def test_fields_are_bounded() -> None:
    deep = "{ a" * 2_000
    wide = "{" + " ".join(f"f{i}" for i in range(5_000)) + "}"
    for document in (deep, wide, "{" + "a" * 9_000 + "}", "query" + " Q" * 5_000 + "{a}"):
        spoken = spoken_text(document)
        assert spoken is not None
        assert len(spoken.fields) <= FIELDS_MAX
        assert len(str(spoken)) < 64 * FIELDS_MAX * 10


@pytest.mark.parametrize(
    ("answer", "is_failure"),
    [
        (b'{"errors":[{"message":"x"}]}', True),
        (b'{"errors":[{"message":"x"}],"data":null}', True),
        (b'{"errors":[{"message":"x"}],"data":{"me":null}}', True),
        (b'{"errors":[{"message":"x"}],"data":{"me":{"id":1},"b":null}}', False),
        (b'{"data":{"errors":[]}}', False),
        (b'[{"errors":[]},{"data":{"a":1}}]', False),
        (b'{"errors":', False),
    ],
)
def test_failures(answer: bytes, is_failure: bool) -> None:
    assert failed(answer) is is_failure
