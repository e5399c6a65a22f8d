"""How much of a made world the inventory finds, and how much it invents: the short form.

`python -m tests.apis` is the long one: 2,000 operations, 500,000 exchanges.
"""

import ast
from functools import cache
from itertools import islice
from pathlib import Path

import pytest
from openapi_spec_validator import validate

from services.cli.openapi import document
from services.discovery.settings import Settings
from tests import apis
from tests.apis.described import descriptions
from tests.apis.inventories import in_orders, observed
from tests.apis.planted import planted
from tests.apis.score import Figure, scored
from tests.apis.stub import taken
from tests.apis.world import WILDCARDS, World, calls, world
from tests.inventory import Operations

SEED, OPERATIONS, EXCHANGES, PARTITIONS = 4, 150, 10_000, 3
SETTINGS = Settings(wildcard_hosts=WILDCARDS)
LEAST = 0.97
LEAST_TAKEN = 0.99
QUESTIONS = (
    "operations", "templates", "variables", "parameters", "types", "required", "properties",
    "sensitive", "authentication", "protocols", "selected fields",
)  # fmt: skip
GENERATOR = ("values", "operation", "rest", "protocols", "wire", "world", "described")


@cache
def inventories() -> tuple[World, list[Operations]]:
    made = world(SEED, OPERATIONS)
    told, _ = observed(calls(SEED, made, EXCHANGES), PARTITIONS, SETTINGS)
    return made, in_orders(told, SEED, SETTINGS)


@cache
def figures() -> dict[str, Figure]:
    made, (first, *_) = inventories()
    return scored(made, first.values())


@pytest.mark.parametrize("question", QUESTIONS)
def test_what_is_found_and_what_is_invented(question: str) -> None:
    figure = figures()[question]
    missed, invented = figure.there - figure.told, figure.told - figure.there
    assert figure.there
    assert figure.recall >= LEAST, sorted(missed, key=str)[:10]
    assert figure.precision >= LEAST, sorted(invented, key=str)[:10]


def test_all_that_was_planted_is_found() -> None:
    made, (first, *_) = inventories()
    figure = planted(made, first.values(), descriptions(made))
    assert {kind for kind, *_ in figure.there} == {"shadow", "zombie", "orphan"}
    assert figure.told == figure.there


def test_orders_and_restarts_change_nothing() -> None:
    _, (first, *others) = inventories()
    assert others
    for other in others:
        assert other == first


def test_the_export_is_valid_and_takes_the_traffic_it_was_made_from() -> None:
    made, (first, *_) = inventories()
    exported = document(first.values())
    validate(exported)
    total, fitting, reasons = taken(exported, islice(calls(SEED, made, EXCHANGES), 0, None, 5))
    assert total > EXCHANGES // 10
    assert fitting >= LEAST_TAKEN * total, reasons


@pytest.mark.parametrize("module", GENERATOR)
def test_the_generator_knows_nothing_of_the_product(module: str) -> None:
    tree = ast.parse((Path(apis.__file__).parent / f"{module}.py").read_text())
    imported = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert not [name for name in imported if name.startswith(("services", "tests.inventory"))]
    assert imported
