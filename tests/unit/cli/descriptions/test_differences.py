"""The inventory of made traffic beside descriptions."""

import json
from pathlib import Path
from typing import Any

import pytest

from services.cli.__main__ import run
from services.cli.descriptions.compared import compared
from services.cli.json_forms import endpoint_form
from services.cli.refusal import RefusedError
from tests.inventory import discovered
from tests.traffic import exchange

JSON = (b"Content-Type", b"application/json")
OK = {"responses": {"200": {"description": "", "content": {}}}}
USER_REF = {"$ref": "#/components/schemas/User"}
USER = {
    "type": "object",
    "properties": {"id": {"type": "integer"}, "boss": USER_REF},
    "additionalProperties": False,
}


ODD = {"allOf": [{"$ref": "#/"}, 7], "oneOf": 7, "properties": 7, "items": 7}


def seen(*calls: tuple[str, str], status: int = 200, **more: Any) -> list[dict[str, Any]]:
    """The inventory of calls (method and target), each three times."""
    records = [
        exchange(target, status, method=method, at_s=i * 200, serial=i * 100 + number,
                 got_headers=[JSON], **{"got": b'{"id":1}'} | more)
        for i in range(3)
        for number, (method, target) in enumerate(calls)
    ]  # fmt: skip
    return [endpoint_form(endpoint) for endpoint in discovered(records).values()]


def spec(tmp_path: Path, paths: dict[str, Any], name: str = "spec.json", **more: Any) -> Path:
    file = tmp_path / name
    file.write_text(json.dumps({"openapi": "3.1.0", "paths": paths} | more))
    return file


def found(
    endpoints: list[dict[str, Any]], now: Path, before: Path | None = None
) -> list[tuple[str, str, str]]:
    return [
        (one["difference"], f"{one['method']} {one['template'] or one['described']}", one["where"])
        for one in compared(endpoints, now, before)
    ]  # fmt: skip


def test_shadow_zombie_and_orphan(tmp_path: Path) -> None:
    now = spec(tmp_path, {"/users/{user}": {"get": OK, "delete": OK | {"deprecated": True}},
                          "/never": {"get": OK}, "/failing": {"get": OK},
                          "/old": {"get": OK | {"deprecated": True}}})  # fmt: skip
    before = spec(tmp_path, {"/gone/{id}": {"get": OK}}, "before.json")
    endpoints = seen(("GET", "/users/17"), ("DELETE", "/users/17"), ("GET", "/secret"),
                     ("GET", "/gone/7"), ("GET", "/app.js"), ("OPTIONS", "/secret"))  # fmt: skip
    endpoints += seen(("GET", "/failing"), ("GET", "/wp-login.php"), status=500)
    assert found(endpoints, now, before) == [
        ("shadow", "GET /secret", ""),
        ("zombie", "DELETE /users/{id}", "deprecated"),
        ("zombie", "GET /gone/{id}", "not described any more"),
        ("orphan", "GET /never", ""),
        ("orphan", "GET /failing", "only failing requests"),
    ]
    assert ("shadow", "GET /gone/{id}", "") in found(endpoints, now)


def test_undocumented_parts(tmp_path: Path) -> None:
    operation = {
        "parameters": [{"in": "query", "name": "page"}, {"$ref": "#/components/parameters/F"},
                       {"in": "header", "name": "X-Tenant"}],
        "security": [{"key": []}],
        "requestBody": {"content": {"application/json": {"schema": USER_REF}}},
        "responses": {"200": {"content": {"application/json": {"schema": {
            "allOf": [USER_REF, {"properties": {"free": {}}}]}}}},
            "4XX": {"description": ""}},
    }  # fmt: skip
    components = {
        "schemas": {"User": USER},
        "parameters": {"F": {"in": "query", "name": "filter", "style": "deepObject"}},
        "securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "X-Api-Key"}},
    }
    now = spec(tmp_path, {"/users": {"post": operation}}, components=components)
    target = "/users?page=1&filter[name]=a&debug=1"
    headers = [JSON, (b"X-Tenant", b"1"), (b"X-Api-Key", b"k"), (b"Authorization", b"Basic YTph")]
    sent = b'{"id":1,"boss":{"id":1,"x":{"y":1}}}'
    endpoints = seen(("POST", target), headers=headers, sent=sent,
                     got=b'{"id":1,"free":{"a":1},"leak":{"b":2}}')  # fmt: skip
    failing = [exchange(target, status, method="POST", serial=status) for status in (404, 500)]
    more = [endpoint_form(e) for e in discovered(failing).values()]
    endpoints[0]["responses"] += more[0]["responses"]
    assert found(endpoints, now) == [
        ("undocumented_parameter", "POST /users", "header authorization"),
        ("undocumented_parameter", "POST /users", "query debug"),
        ("undocumented_property", "POST /users", "body $.boss.x"),
        ("undocumented_property", "POST /users", "200 $.leak"),
        ("undocumented_status", "POST /users", "500"),
    ]


@pytest.mark.parametrize(
    ("described", "target", "fits"),
    [
        ("/users/{a}/posts/{b}", "/users/17/posts/9", True),
        ("/users/{name}", "/users/ann", True),  # few values look like names
        ("/users/{id}", "/users/17/posts", False),
        ("/users/{id}.json", "/users/17.json", True),
        ("/reports/2024-05-01", "/reports/2024-05-01", True),
        ("/a b", "/a%20b", True),
        ("/users/", "/users", True),
        ("/users/me", "/users/17", False),
        ("/", "/", True),
    ],
)
def test_paths(tmp_path: Path, described: str, target: str, fits: bool) -> None:
    now = spec(tmp_path, {described: {"get": OK}}, servers=[{"url": "https://shop.example"}])
    assert (found(seen(("GET", target)), now) == []) is fits


def test_the_operation_with_most_names_counts(tmp_path: Path) -> None:
    now = spec(tmp_path, {"/users/{id}": {"get": OK}, "/users/me": {"get": OK}})
    assert found(seen(("GET", "/users/me")), now) == [("orphan", "GET /users/{id}", "")]


@pytest.mark.parametrize(
    "more",
    [
        {"servers": [{"url": "https://shop.example/{v}", "variables": {"v": {"default": "v3"}}}]},
        {"servers": [{"url": "/v3/"}]},
        {"basePath": "/v3"},
        {"servers": [{"url": "https://[bad"}, {"url": "/v3"}]},
    ],
)
def test_base_paths(tmp_path: Path, more: dict[str, Any]) -> None:
    now = spec(tmp_path, {"/a": {"get": OK}}, **more)
    assert found(seen(("GET", "/v3/a")), now) == []
    assert found(seen(("GET", "/a")), now) == []  # a gateway took it away
    both = found(seen(("GET", "/a"), ("GET", "/v3/a")), now)
    assert both == [("shadow", "GET /a", "")]


def test_only_hosts_of_the_description_are_compared(tmp_path: Path) -> None:
    endpoints = seen(("GET", "/a")) + seen(("GET", "/b"), host="other.example")
    assert found(endpoints, spec(tmp_path, {"/a": {"get": OK}})) == []
    named = spec(tmp_path, {"/a": {"get": OK}}, servers=[{"url": "https://other.example"}])
    assert [kind for kind, _, _ in found(endpoints, named)] == ["shadow", "orphan"]


def test_swagger_2_in_yaml(tmp_path: Path) -> None:
    file = tmp_path / "api.yaml"
    file.write_text("""
swagger: "2.0"
host: shop.example:8443
basePath: /v1
paths:
  /users:
    parameters: [{in: query, name: page, type: integer}]
    post:
      parameters:
        - {in: body, name: user, schema: {type: object, properties: {id: {type: integer}}}}
      responses: {200: {description: ok, schema: {type: object, properties: {id: {}}}}}
""")
    endpoints = seen(("POST", "/v1/users?page=1"), headers=[JSON], sent=b'{"id":1,"x":1}')
    assert found(endpoints, file) == [
        ("undocumented_property", "POST /v1/users", "body $.x"),
    ]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{}", "does not say its version"),
        ("[1]", "does not say its version"),
        ("a: [", "neither JSON nor YAML"),
        ('{"openapi":"3.0.0","paths":[]}', "paths are no object"),
    ],
)
def test_what_is_no_description_is_refused(tmp_path: Path, text: str, reason: str) -> None:
    file = tmp_path / "odd"
    file.write_text(text)
    with pytest.raises(RefusedError, match=reason):
        compared([], file, None)


@pytest.mark.parametrize(
    "paths",
    [
        {"/a": 7}, {7: {}}, {"/a": {"get": 7}}, {"/a": {"get": {"parameters": 7, "responses": 7}}},
        {"/a": {"get": {"parameters": [7, {"$ref": 7}, {"$ref": "#/no/where"}]}}},
        {"/a": {"$ref": "#/paths/~1a"}},
        {"/a": {"get": {"requestBody": {"content": {"a": {"schema": ODD}}}}}},
        {"/{": {"get": {"responses": {"200": {"content": 7}}}}},
    ],
)  # fmt: skip
def test_odd_descriptions_do_no_harm(tmp_path: Path, paths: dict[Any, Any]) -> None:
    compared(seen(("GET", "/a")), spec(tmp_path, paths, servers=7, components=7, security=7), None)


def test_the_command_reads_what_read_writes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = tmp_path / "endpoints.jsonl"
    other = {"kind": "finding"}
    lines.write_text("\n".join(map(json.dumps, [other, *seen(("GET", "/a"), ("GET", "/b"))])))
    now = spec(tmp_path, {"/a": {"get": OK}})
    arguments = ["endpoints", "--compare", str(now), "--from", str(lines), "--format"]
    assert run([*arguments, "jsonl"]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    assert (json.loads(line)["difference"], json.loads(line)["template"]) == ("shadow", "/b")
    assert run([*arguments, "table"]) == 0
    assert "1 shadow" in capsys.readouterr().out
    assert run(["endpoints", "--previous", str(now)]) == 2
    assert run([*arguments[:3], "--from", str(tmp_path / "none")]) == 2
