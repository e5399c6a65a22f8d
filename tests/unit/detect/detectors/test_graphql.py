"""GraphQL abuse: what must fire, and what must not."""

import json

import pytest

from schemas.types import Severity
from services.detect import findings
from services.detect.detectors.graphql import DETECTOR
from services.detect.graphql_abuse import RULES
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


def deep(levels: int, inner: str = "friends") -> str:
    return f"query Deep {{ {f'{inner} {{ ' * (levels - 1)}id {'}' * (levels - 1)} }}"


def aliased(times: int) -> str:
    names = " ".join(f'try{n}: login(user: "ada", pin: "{n}") {{ token }}' for n in range(times))
    return f"mutation {{ {names} }}"


INTROSPECTION = "query Introspection { __schema { types { name fields { name } } } }"
CIRCLE = "query { ...A } fragment A on User { id ...B } fragment B on User { name ...A }"
BOARD = "{ " + " ".join(f"c{n}: count(day: {n})" for n in range(10)) + " }"
PAGES = "{ " + " ".join(f"p{n} {{ id title }}" for n in range(40)) + " }"

FIRES = {
    "graphql.introspection": [(body, '{"query": "{ __schema { types { name } } }"}')],
    "graphql.depth": [
        (asked, deep(11)), (plain, deep(60)),
        (asked, deep(8, "...{a{...{b") + "}" * 24),
    ],
    "graphql.aliases": [(asked, aliased(11)), (plain, aliased(400))],
    "graphql.repeats": [(asked, "{ user { " + "id " * 11 + "} }")],
    "graphql.directives": [(asked, "{ user " + "@a" * 6 + " { id } }")],
    "graphql.batch": [(batched, "11")],
    "graphql.circular-fragment": [(asked, CIRCLE)],
    "graphql.size": [(asked, "query Long { a(b: [" + "1, " * 40_000 + "]) }")],
}  # fmt: skip

ATTACKS = [
    (path, "/graphql?query={__schema{types{name}}}"),
    (path, "/graphql?query=" + deep(15).replace(" ", "+")),
]

SILENT = [
    (body, '{"query": "query Q { shop { id name } }"}'),
    (query, "schema"),
    (body, '{"query": "{ user { __typename } }"}'),
    (query, "__schema"),
    (asked, deep(10)),
    (asked, deep(5, "items { edges { node { owner")),
    (asked, aliased(10)),
    (asked, BOARD),
    (asked, PAGES),
    (batched, "10"),
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
    ("document", "severity"), [(INTROSPECTION, "low"), (CIRCLE, "medium"), (deep(20), "medium")]
)
def test_questions_about_the_schema_weigh_less(
    document: str, severity: Severity, asker: Inspector
) -> None:
    signals = findings.strongest("graphql", asker.inspect(asked(document)))
    assert findings.severity(DETECTOR, signals) == severity


def test_a_hostile_document_is_read_in_linear_time(asker: Inspector) -> None:
    spreads = " ".join(f"fragment F{n} on T{{...F{n + 1} ...F{n + 1}}}" for n in range(1_500))
    assert asker.inspect(asked("{ ...F0 } " + spreads)).scores == {}
