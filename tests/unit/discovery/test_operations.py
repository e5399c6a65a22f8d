"""Several operations of one URL are several endpoints."""

import json
from typing import Any

from schemas.types import Endpoint, Exchange
from services.discovery.hosts import NAMED_MAX
from tests.inventory import discovered
from tests.traffic import exchange

JSON = (b"Content-Type", b"application/json")


def asked(sent: object, got: object, *, times: int = 3, **more: Any) -> list[Exchange]:
    """The same request often and long enough to be admitted."""
    return [
        exchange("/rpc", method="POST", at_s=i * 200, serial=i, headers=[JSON], got_headers=[JSON],
                 sent=json.dumps(sent).encode(), got=json.dumps(got).encode(), **more)
        for i in range(times)
    ]  # fmt: skip


def by_operation(records: list[Exchange]) -> dict[str | None, Endpoint]:
    return {endpoint.operation: endpoint for endpoint in discovered(records).values()}


def test_each_has_its_own_parameters_and_answers() -> None:
    known = by_operation(
        asked({"query": "query Me { me { id } }"}, {"data": {"me": {"id": 1}}})
        + asked({"query": "mutation Buy { buy { price } }"}, {"data": {"buy": {"price": 2}}})
    )
    assert {name: e.fields for name, e in known.items()} == {
        "Buy": ("mutation.buy", "mutation.buy.price"), "Me": ("query.me", "query.me.id"),
    }  # fmt: skip
    assert all(e.admitted and e.count == 3 and e.protocol == "graphql" for e in known.values())
    assert "price" in known["Buy"].responses[0].schema
    assert "price" not in known["Me"].responses[0].schema


def test_what_says_in_its_answer_that_it_failed_is_not_admitted() -> None:
    known = by_operation(
        asked({"jsonrpc": "2.0", "method": "get"}, {"jsonrpc": "2.0", "result": 1})
        + asked({"jsonrpc": "2.0", "method": "guess"}, {"id": 1, "error": {"code": -32601}})
    )  # fmt: skip
    assert {name: e.admitted for name, e in known.items()} == {"get": True, "guess": False}


def test_a_batch_counts_for_each_operation_in_it() -> None:
    batch = [{"jsonrpc": "2.0", "method": name} for name in ("a", "b")]
    known = by_operation(asked(batch, [{"result": 1}, {"result": 2}]))
    assert {name: e.count for name, e in known.items()} == {"a": 3, "b": 3}


def test_graphql_over_get() -> None:
    target = "/graphql?query=query+Me%7Bme%7D&operationName=Me"
    (endpoint,) = discovered([exchange(target, at_s=i * 200, serial=i) for i in range(3)]).values()
    assert (endpoint.operation, endpoint.protocol) == ("Me", "graphql")


def test_more_names_than_anybody_programmed_are_values() -> None:
    names = [f"op{chr(97 + i % 26)}{chr(97 + i // 26)}" for i in range(NAMED_MAX + 20)]
    records = [r for name in names for r in asked({"jsonrpc": "2.0", "method": name}, {})]
    known = by_operation(records)
    assert set(known) == {"{name}"}
    assert known["{name}"].count == len(records)


def test_what_never_was_there_stands_together() -> None:
    records = [
        exchange(f"/{where}", 404, method="POST", headers=[JSON], serial=i,
                 sent=json.dumps({"jsonrpc": "2.0", "method": where}).encode())
        for i, where in enumerate(("a", "b", "c"))
    ]  # fmt: skip
    (endpoint,) = discovered(records).values()
    assert (endpoint.template, endpoint.operation, endpoint.count) == ("/{missing}", None, 3)
