"""GraphQL introspection: what must fire, and what must not."""

from services.detect.detectors.graphql import DETECTOR
from tests.unit.detect.detectors.cases import (
    body,
    check_attacks,
    check_fires,
    check_silent,
    path,
    query,
)

FIRES = {
    "graphql.introspection": [(body, '{"query": "{ __schema { types { name } } }"}')],
}

ATTACKS = [
    (path, "/graphql?query={__schema{types{name}}}"),
]

SILENT = [
    (body, '{"query": "query Q { shop { id name } }"}'),
    (query, "schema"),
    (body, '{"query": "{ user { __typename } }"}'),
    (query, "__schema"),
]


def test_every_rule_fires_on_its_cases() -> None:
    assert sum(len(cases) for cases in FIRES.values()) == 1
    check_fires(DETECTOR, FIRES)


def test_whole_attacks_are_called_so() -> None:
    check_attacks(DETECTOR, ATTACKS)


def test_look_alikes_are_silent() -> None:
    check_silent(SILENT)
