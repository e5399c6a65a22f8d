"""The inventory in OpenAPI's words."""

import dataclasses
from typing import Any

from schemas.types import AuthUse, Endpoint, Parameter, Place, RequestBody, ResponseShape
from services.cli.openapi import document

JSON = "application/json"


def parameter(place: Place, name: str, schema: str = "", *, required: bool = True) -> Parameter:
    return Parameter(
        place=place, name=name, schema=schema, required=required, count=3, sensitive=()
    )


ORDER = Endpoint(
    site="s",
    host="shop.example",
    method="POST",
    template="/orders/{id}",
    protocol="rest",
    operation=None,
    application="",
    admitted=True,
    removed=False,
    first_us=0,
    last_us=1,
    count=3,
    parameters=(
        parameter("path", "id", '{"type":"integer"}'),
        parameter("query", "dry", required=False),
        parameter("header", "Authorization"),
    ),
    request_bodies=(RequestBody(content_type=JSON, schema='{"type":"object"}', count=3),),
    responses=(
        ResponseShape(status=201, content_type=JSON, schema='{"type":"array"}', count=2),
        ResponseShape(status=0, content_type="", schema="", count=1),
    ),
    auth=(AuthUse(kind="bearer", coverage=1.0), AuthUse(kind="none", coverage=0.0)),
    sensitive=(),
    risk=None,
    tags=("payment",),
)


def operation(endpoint: Endpoint) -> Any:
    (path,) = document([endpoint])["paths"].values()
    return path[endpoint.method.lower()]


def test_an_operation_is_described_as_seen() -> None:
    made = operation(ORDER)
    assert made["requestBody"] == {"content": {JSON: {"schema": {"type": "object"}}}}
    content = {JSON: {"schema": {"type": "array"}}}
    assert made["responses"] == {"201": {"description": "Seen 2 times.", "content": content}}
    assert made["security"] == [{"bearer": []}]
    assert made["servers"] == [{"url": "//shop.example"}]
    assert {(p["name"], p["in"], p["required"]) for p in made["parameters"]} == {
        ("dry", "query", False),
        ("id", "path", True),
    }


def test_every_name_in_braces_has_a_parameter_even_if_none_is_known() -> None:
    made = operation(dataclasses.replace(ORDER, template="/a/{x}/{y}", parameters=()))
    assert [(p["name"], p["schema"]) for p in made["parameters"]] == [
        ("x", {"type": "string"}),
        ("y", {"type": "string"}),
    ]


def test_what_is_not_admitted_or_no_method_of_openapi_is_left_out() -> None:
    strange = dataclasses.replace(ORDER, method="PROPFIND")
    assert document([dataclasses.replace(ORDER, admitted=False), strange])["paths"] == {}


def test_one_path_on_two_hosts_names_both() -> None:
    other = dataclasses.replace(ORDER, host="b.example")
    (path,) = document([ORDER, other])["paths"].values()
    assert path["post"]["servers"] == [{"url": "//b.example"}, {"url": "//shop.example"}]


def test_operations_of_one_url_are_one_path_with_alternatives() -> None:
    query = dataclasses.replace(ORDER, protocol="graphql", operation="Me", parameters=())
    other = RequestBody(content_type=JSON, schema='{"type":"array"}', count=1)
    change = dataclasses.replace(
        ORDER, protocol="graphql", operation="Buy", request_bodies=(other,)
    )
    made = document([query, change])["paths"]["/orders/{id}"]["post"]
    assert made["x-operations"] == ["Buy", "Me"]
    assert made["requestBody"]["content"][JSON]["schema"] == {
        "anyOf": [{"type": "array"}, {"type": "object"}]
    }
    assert {p["name"]: p["required"] for p in made["parameters"]} == {"dry": False, "id": True}


def test_a_host_for_each_customer_is_a_server_with_a_variable() -> None:
    server = {"url": "//{any}.shop.example", "variables": {"any": {"default": "any"}}}
    assert operation(dataclasses.replace(ORDER, host="*.shop.example"))["servers"] == [server]
