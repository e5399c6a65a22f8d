"""GraphQL abuse: what must fire, and what must not."""

import json

import pytest

from schemas.types import Severity
from services.detect import findings, graphql_abuse
from services.detect.detectors.graphql import DETECTOR
from services.detect.graphql_abuse import DOCUMENT_BYTES_MAX, RULES
from services.detect.graphql_document import Shape, shape
from services.detect.verdict import Inspector
from services.detect.view import Bytes, PlainRequest
from tests.unit.detect.detectors.cases import (
    body,
    check_attacks,
    check_fires,
    check_silent,
    inspector,
    path,
    query,
)


def asked(document: str) -> PlainRequest:
    """A document as clients send it."""
    return body(json.dumps({"query": document, "variables": {"id": "7"}}))


def plain(document: str) -> PlainRequest:
    """The document is the body."""
    return PlainRequest(
        method=b"POST", target=b"/graphql", version="1.1",
        headers=[(b"Content-Type", b"application/graphql")], body=Bytes(document.encode()),
    )  # fmt: skip


def batched(number: str) -> PlainRequest:
    """So many operations in one request."""
    one = {"query": "query Page($id: ID) { page(id: $id) { title } }"}
    return body(json.dumps([one] * int(number)))


def short(number: str) -> PlainRequest:
    """So many operations of a few signs."""
    return body(json.dumps([{"query": "mutation{l(p:1)}"}] * int(number)))


def sheet(text: str) -> PlainRequest:
    """A body that begins with a brace and is no GraphQL, though it has a word of it."""
    return PlainRequest(
        method=b"POST", target=b"/theme", version="1.1",
        headers=[(b"Content-Type", b"text/css")], body=Bytes(f"{text} /* query */".encode()),
    )  # fmt: skip


def deep(levels: int, inner: str = "friends") -> str:
    return f"query Deep {{ {f'{inner} {{ ' * (levels - 1)}id {'}' * (levels - 1)} }}"


def aliased(times: int) -> str:
    names = " ".join(f'try{n}: login(user: "ada", pin: "{n}") {{ token }}' for n in range(times))
    return f"mutation {{ {names} }}"


def counters(number: int) -> str:
    return "{ " + " ".join(f"c{n}: count(day: {n})" for n in range(number)) + " }"


# What IDEs and code generators ask (graphql-js, getIntrospectionQuery).
TYPE = "kind name " + "ofType { kind name " * 9 + "}" * 9
STANDARD = (
    "query IntrospectionQuery { __schema { queryType { name } mutationType { name } types {"
    " ...FullType } directives { name args { ...InputValue } } } }"
    " fragment FullType on __Type { kind name fields(includeDeprecated: true) { name args {"
    " ...InputValue } type { ...TypeRef } } enumValues { name } possibleTypes { ...TypeRef } }"
    " fragment InputValue on __InputValue { name type { ...TypeRef } defaultValue }"
    f" fragment TypeRef on __Type {{ {TYPE} }}"
)
INTROSPECTION = "query Introspection { __schema { types { name fields { name } } } }"
CIRCLE = "query { ...A } fragment A on User { id ...B } fragment B on User { name ...A }"
BOARD = "{ " + " ".join(f"c{n}: count(day: {n})" for n in range(10)) + " }"
PAGES = "{ " + " ".join(f"p{n} {{ id title }}" for n in range(40)) + " }"

FIRES = {
    "graphql.introspection": [(body, '{"query": "{ __schema { types { name } } }"}')],
    "graphql.depth": [
        (asked, deep(16)), (plain, deep(60)),
        (asked, deep(10, "...{a{...{b") + "}" * 30),
    ],
    "graphql.aliases": [
        (asked, counters(41)), (plain, aliased(400)), (asked, "{ " + "...A " * 41 + "}"),
        (asked, "{ " + " ".join(f"...{{ n{n}: count }}" for n in range(41)) + " }"),
    ],
    "graphql.guesses": [
        (asked, aliased(6)),
        (asked, "{ " + " ".join(f"...{{ n{n}: signIn(p: {n}) }}" for n in range(6)) + " }"),
    ],
    "graphql.repeats": [(asked, "{ user { " + "id " * 21 + "} }")],
    "graphql.directives": [(asked, "{ user " + "@a" * 6 + " { id } }")],
    "graphql.batch": [(batched, "31"), (short, "31")],
    "graphql.circular-fragment": [(asked, CIRCLE)],
    "graphql.size": [(asked, "query Long { a(b: [" + "1, " * 40_000 + "]) }")],
}  # fmt: skip

ATTACKS = [
    (path, "/graphql?query={__schema{types{name}}}"),
    (path, "/graphql?query=" + deep(20).replace(" ", "+")),
]

SILENT = [
    (body, '{"query": "query Q { shop { id name } }"}'),
    (query, "schema"),
    (body, '{"query": "{ user { __typename } }"}'),
    (query, "__schema"),
    (asked, deep(15)),
    (asked, deep(5, "items { edges { node { owner")),
    (asked, aliased(5)),
    (asked, counters(40)),
    (plain, "{ " + " ".join(f"w{n}: image(width: {n}) {{ url }}" for n in range(14)) + " }"),
    (
        query,
        '{"flag0":true,"flag1":true,"flag2":true,"query":{"bool":{"must":[{"a":{"b":{"c":1}}}]}}}',
    ),
    (sheet, "{ " * 20 + "color: red; " * 60),
    (asked, BOARD),
    (asked, PAGES),
    (batched, "30"),
    (asked, "query Q { a @include(if: $x) @skip(if: $y) @client { id } }"),
    (asked, "{ ...A b { ...A } } fragment A on T { id c { ...B } } fragment B on U { id }"),
    (
        body,
        json.dumps(
            {"style": "a { b { c { d { e { f { g { h { i { j { k { l } } } } } } } } } } }"}
        ),
    ),
]


@pytest.fixture(scope="module")
def asker() -> Inspector:
    return inspector()


def test_every_rule_fires_on_its_cases() -> None:
    assert {rule.id for rule in RULES} < FIRES.keys()
    check_fires(DETECTOR, FIRES)


def test_whole_attacks_are_called_so() -> None:
    check_attacks(DETECTOR, ATTACKS)


def test_look_alikes_are_silent() -> None:
    check_silent(SILENT)


@pytest.mark.parametrize(
    ("document", "severity"),
    [(INTROSPECTION, "low"), (STANDARD, "low"), (CIRCLE, "medium"), (deep(20), "medium")],
)
def test_questions_about_the_schema_weigh_less(
    document: str, severity: Severity, asker: Inspector
) -> None:
    signals = findings.strongest("graphql", asker.inspect(asked(document)))
    assert findings.severity(DETECTOR, signals) == severity


def test_a_hostile_document_is_read_in_linear_time(asker: Inspector) -> None:
    spreads = " ".join(f"fragment F{n} on T{{...F{n + 1} ...F{n + 1}}}" for n in range(1_500))
    assert asker.inspect(asked("{ ...F0 } " + spreads)).scores == {}


def test_many_documents_cost_no_more_than_one(asker: Inspector) -> None:
    many = body(json.dumps([{"query": "{a " * 30_000}] * 5))
    reads: list[int] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(graphql_abuse, "shape", lambda document, most: counted(reads, document, most))
        signals = asker.inspect(many).signals
    assert sum(reads) <= DOCUMENT_BYTES_MAX
    assert "graphql.size" in {signal.rule.id for signal in signals}


def counted(reads: list[int], document: bytes, most: int) -> Shape:
    reads.append(min(len(document), most))
    return shape(document, most)
