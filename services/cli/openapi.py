"""The inventory as OpenAPI 3.1: what was seen of each operation, in the standard's words.

Only admitted HTTP operations are described; schemas in the inventory already are JSON Schema
2020-12, which is what 3.1 takes.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import orjson

from schemas.types import Endpoint, Parameter

Json = dict[str, Any]
METHODS = {"GET", "PUT", "POST", "DELETE", "OPTIONS", "HEAD", "PATCH", "TRACE"}
# OAS 3.1 §4.8.12.1: these are described elsewhere, a parameter of that name is ignored.
IGNORED_HEADERS = {"accept", "content-type", "authorization"}
SECURITY: Mapping[str, Json] = {
    "basic": {"type": "http", "scheme": "basic"},
    "bearer": {"type": "http", "scheme": "bearer"},
    "digest": {"type": "http", "scheme": "digest"},
}


def document(endpoints: Iterable[Endpoint]) -> Json:
    """One OpenAPI document of all these operations; each path names its hosts as servers."""
    grouped: dict[tuple[str, str], list[Endpoint]] = {}
    for endpoint in sorted(
        endpoints, key=lambda e: (e.template, e.method, e.host, str(e.operation))
    ):
        if endpoint.admitted and endpoint.method in METHODS:
            name = _path(endpoint.template), endpoint.method.lower()
            grouped.setdefault(name, []).append(endpoint)
    paths: Json = {}
    for (path, method), those in grouped.items():
        paths.setdefault(path, {})[method] = _operation(those)
    made: Json = {
        "openapi": "3.1.0",
        "info": {"title": "APIs seen by sidetap", "version": "1"},
        "paths": paths,
    }
    used = {use.kind for those in grouped.values() for e in those for use in e.auth}
    if kinds := sorted(used & SECURITY.keys()):
        made["components"] = {"securitySchemes": {kind: SECURITY[kind] for kind in kinds}}
    return made


def _path(template: str) -> str:
    return template if template.startswith("/") else f"/{template}"


def _operation(those: Sequence[Endpoint]) -> Json:
    """Several: the same path on other hosts, or operations of GraphQL, SOAP and the like."""
    made: Json = {"responses": _responses(those)}
    if tags := list(dict.fromkeys(tag for e in those for tag in e.tags)):
        made["tags"] = tags
    if parameters := _parameters(those):
        made["parameters"] = parameters
    if content := _content((b.content_type, b.schema) for e in those for b in e.request_bodies):
        made["requestBody"] = {"content": content}
    kinds = dict.fromkeys(use.kind for e in those for use in e.auth if use.kind in SECURITY)
    if kinds:
        made["security"] = [{kind: []} for kind in kinds]
    # The scheme is what a mirror cannot know.
    if hosts := dict.fromkeys(e.host for e in those if e.host):
        made["servers"] = [_server(host) for host in hosts]
    if names := [e.operation for e in those if e.operation]:
        made["x-operations"] = names
    return made


def _server(host: str) -> Json:
    """A host; one for each customer (*.shop.example) is one with a variable."""
    if not host.startswith("*."):
        return {"url": f"//{host}"}
    return {"url": f"//{{any}}{host[1:]}", "variables": {"any": {"default": "any"}}}


def _parameters(those: Sequence[Endpoint]) -> list[Json]:
    known: dict[tuple[str, str], list[Parameter]] = {}
    for parameter in (p for e in those for p in e.parameters if _described(p)):
        known.setdefault((parameter.place, parameter.name), []).append(parameter)
    made = [
        {
            "name": name,
            "in": place,
            "required": len(same) == len(those) and all(p.required for p in same),
            "schema": _any_of(p.schema for p in same),
        }
        for (place, name), same in known.items()
        if place != "path"
    ]
    # Every name in braces must have a path parameter, and no other may be one.
    for name in dict.fromkeys(re.findall(r"\{([^{}]+)\}", those[0].template)):
        same = known.get(("path", name), [])
        schema = _any_of(p.schema for p in same) if same else {"type": "string"}
        made.append({"name": name, "in": "path", "required": True, "schema": schema})
    return made


def _described(parameter: Parameter) -> bool:
    return not (parameter.place == "header" and parameter.name.lower() in IGNORED_HEADERS)


def _responses(those: Sequence[Endpoint]) -> Json:
    made: Json = {}
    every = [r for e in those for r in e.responses if 100 <= r.status <= 599]
    for status in sorted({r.status for r in every}):
        shapes = [r for r in every if r.status == status]
        seen = sum(shape.count for shape in shapes)
        response: Json = {"description": f"Seen {seen} times."}
        if content := _content((shape.content_type, shape.schema) for shape in shapes):
            response["content"] = content
        made[str(status)] = response
    return made or {"default": {"description": "No response was seen."}}


def _content(shapes: Iterable[tuple[str, str]]) -> Json:
    by_kind: dict[str, list[str]] = {}
    for kind, schema in shapes:
        if kind:
            by_kind.setdefault(kind, []).append(schema)
    return {kind: {"schema": _any_of(schemas)} for kind, schemas in by_kind.items()}


def _any_of(schemas: Iterable[str]) -> Any:
    """One schema for what has several; where one says nothing, nothing is known."""
    distinct = [orjson.loads(schema) if schema else {} for schema in dict.fromkeys(schemas)]
    if len(distinct) == 1 or {} in distinct:
        return distinct[0] if len(distinct) == 1 else {}
    return {"anyOf": distinct}
