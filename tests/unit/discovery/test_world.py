"""How much of a made world the inventory finds, and how much it invents."""

import json
from collections.abc import Iterable
from functools import cache

import pytest

from schemas.types import Endpoint
from tests.api_world import IDS, VALUES, Field, Made, calls, operations
from tests.inventory import Operations, discovered

SEEDS = (1, 2)
APIS, EACH, EXCHANGES = 3, 40, 6_000
# What is found of what is there, and what is there of what is told.
LEAST = 0.97


@cache
def world(seed: int) -> tuple[dict[tuple[str, str, str], Made], Operations]:
    made = operations(seed, APIS, EACH)
    told = discovered(list(calls(seed, made, EXCHANGES)))
    admitted = {key: endpoint for key, endpoint in told.items() if endpoint.admitted}
    return {one.key: one for one in made}, admitted


def check(there: Iterable[object], told: Iterable[object]) -> None:
    there, told = set(there), set(told)
    both = there & told
    missed, invented = sorted(map(str, there - told)), sorted(map(str, told - there))
    assert len(both) >= LEAST * len(there), missed[:10]
    assert len(both) >= LEAST * len(told), invented[:10]


def pairs(seed: int) -> Iterable[tuple[Made, Endpoint]]:
    there, told = world(seed)
    return ((made, told[key]) for key, made in there.items() if key in told)


def schema(text: str) -> str:
    return json.dumps(json.loads(text), sort_keys=True)


def wanted(fields: list[Field]) -> set[tuple[str, str, bool]]:
    return {
        (f.name, json.dumps(VALUES[f.kind][1], sort_keys=True), f.required)
        for f in fields
    }  # fmt: skip


def properties(text: str) -> set[tuple[str, str, bool]]:
    whole = json.loads(text)
    whole = whole.get("items", whole)
    whole = whole.get("properties", {}).get("root", whole)
    required = whole.get("required", ())
    return {
        (name, json.dumps(inner, sort_keys=True), name in required)
        for name, inner in whole.get("properties", {}).items()
        if name not in ("always", "x")
    }


@pytest.mark.parametrize("seed", SEEDS)
def test_operations_and_templates(seed: int) -> None:
    there, told = world(seed)
    check(there, told)


@pytest.mark.parametrize("seed", SEEDS)
def test_parameters_with_types_and_whether_they_are_required(seed: int) -> None:
    there, told = set(), set()
    for made, endpoint in pairs(seed):
        there |= {(made.key, *one) for one in wanted(made.query)}
        told |= {
            (made.key, p.name, schema(p.schema), p.required)
            for p in endpoint.parameters
            if p.place == "query"
        }
        for label, (kind, _) in IDS.items():
            there |= {(made.key, label, kind)} if label in made.template else set()
        told |= {
            (made.key, f"{{{p.name}}}", json.loads(p.schema)["type"])
            for p in endpoint.parameters
            if p.place == "path"
        }
    check(there, told)


@pytest.mark.parametrize("seed", SEEDS)
def test_bodies_both_ways(seed: int) -> None:
    there, told = set(), set()
    for made, endpoint in pairs(seed):
        there |= {(made.key, "in", *one) for one in wanted(made.sent)}
        there |= {(made.key, "out", *one) for one in wanted(made.got)}
        for body in endpoint.request_bodies:
            told |= {(made.key, "in", *one) for one in properties(body.schema)}
        for response in endpoint.responses:
            if response.status == 200:
                told |= {(made.key, "out", *one) for one in properties(response.schema)}
    check(there, told)


@pytest.mark.parametrize("seed", SEEDS)
def test_sensitive_data(seed: int) -> None:
    there = {(made.key, kind) for made, _ in pairs(seed) for kind in made.sensitive()}
    told = {(made.key, kind) for made, endpoint in pairs(seed) for kind in endpoint.sensitive}
    check(there, told)


@pytest.mark.parametrize("seed", SEEDS)
def test_authentication(seed: int) -> None:
    there = {(made.key, made.auth) for made, _ in pairs(seed)}
    told = {(made.key, use.kind) for made, endpoint in pairs(seed) for use in endpoint.auth}
    check(there, told)
