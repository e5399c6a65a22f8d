"""The inventory as OpenAPI 3.1: what was seen of each operation, in the standard's words.

Only admitted HTTP operations are described; schemas in the inventory already are JSON Schema
2020-12, which is what 3.1 takes.
"""

import re
from collections.abc import Iterable, Mapping
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
    paths: Json = {}
    used: set[str] = set()
    for endpoint in sorted(endpoints, key=lambda e: (e.template, e.method, e.host)):
        if not endpoint.admitted or endpoint.method not in METHODS:
            continue
        operations = paths.setdefault(_path(endpoint.template), {})
        operation = operations.setdefault(endpoint.method.lower(), _operation(endpoint))
        _add_server(operation, endpoint)
        used |= {use.kind for use in endpoint.auth} & SECURITY.keys()
    made: Json = {
        "openapi": "3.1.0",
        "info": {"title": "APIs seen by sidetap", "version": "1"},
        "paths": paths,
    }
    if used:
        made["components"] = {"securitySchemes": {kind: SECURITY[kind] for kind in sorted(used)}}
    return made


def _path(template: str) -> str:
    return template if template.startswith("/") else f"/{template}"


def _add_server(operation: Json, endpoint: Endpoint) -> None:
    """A path may live on several hosts; the scheme is what a mirror cannot know."""
    server = {"url": f"//{endpoint.host}"}
    if endpoint.host and server not in operation.setdefault("servers", []):
        operation["servers"].append(server)
    if not operation["servers"]:
        del operation["servers"]


def _operation(endpoint: Endpoint) -> Json:
    made: Json = {"responses": _responses(endpoint)}
    if endpoint.tags:
        made["tags"] = list(endpoint.tags)
    if parameters := _parameters(endpoint):
        made["parameters"] = parameters
    if content := _content((b.content_type, b.schema) for b in endpoint.request_bodies):
        made["requestBody"] = {"content": content}
    kinds = [use.kind for use in endpoint.auth if use.kind in SECURITY]
    if kinds:
        made["security"] = [{kind: []} for kind in kinds]
    return made


def _parameters(endpoint: Endpoint) -> list[Json]:
    named = {(p.place, p.name): p for p in endpoint.parameters if _described(p)}
    made = [_parameter(p) for p in named.values() if p.place != "path"]
    # Every name in braces must have a path parameter, and no other may be one.
    for name in dict.fromkeys(re.findall(r"\{([^{}]+)\}", endpoint.template)):
        known = named.get(("path", name))
        schema = _schema(known.schema) if known else {"type": "string"}
        made.append({"name": name, "in": "path", "required": True, "schema": schema})
    return made


def _described(parameter: Parameter) -> bool:
    return not (parameter.place == "header" and parameter.name.lower() in IGNORED_HEADERS)


def _parameter(parameter: Parameter) -> Json:
    return {
        "name": parameter.name,
        "in": parameter.place,
        "required": parameter.required,
        "schema": _schema(parameter.schema),
    }


def _responses(endpoint: Endpoint) -> Json:
    made: Json = {}
    for status in sorted({r.status for r in endpoint.responses if 100 <= r.status <= 599}):
        shapes = [r for r in endpoint.responses if r.status == status]
        seen = sum(shape.count for shape in shapes)
        response: Json = {"description": f"Seen {seen} times."}
        if content := _content((shape.content_type, shape.schema) for shape in shapes):
            response["content"] = content
        made[str(status)] = response
    return made or {"default": {"description": "No response was seen."}}


def _content(shapes: Iterable[tuple[str, str]]) -> Json:
    return {kind: {"schema": _schema(schema)} for kind, schema in shapes if kind}


def _schema(schema: str) -> Any:
    return orjson.loads(schema) if schema else {}
