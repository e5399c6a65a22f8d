"""The APIs of the world as their owners describe them: OpenAPI, with what is planted left out."""

import re
from collections.abc import Iterable
from typing import Any

from tests.apis.operation import Made
from tests.apis.values import VARIABLES
from tests.apis.world import World

VARIABLE = re.compile(r"\{(\w+)\}")
FORMATS = ("uuid", "date", "email")


def descriptions(made: World) -> dict[str, tuple[dict[str, Any], dict[str, Any]]]:
    """By host: today's and the one before; shadows are in neither, zombies in the older only."""
    hosts = {one.host for one in made.operations if one.protocol == "rest"}
    found = {}
    for host in sorted(hosts):
        those = [m for m in (*made.operations, *made.orphans) if m.host == host]
        now = [m for m in those if m.role not in ("shadow", "zombie")]
        found[host] = document(host, now), document(host, [m for m in those if m.role != "shadow"])
    return found


def document(host: str, those: Iterable[Made]) -> dict[str, Any]:
    """OpenAPI 3.1 of some operations, as bare as it can be."""
    paths: dict[str, Any] = {}
    for made in those:
        path, variables = _named(made.template)
        parameters: list[dict[str, Any]] = [{"name": f.name, "in": "query"} for f in made.query]
        paths.setdefault(path, {})[made.method.lower()] = {
            "parameters": parameters + variables,
            "responses": {"default": {"description": ""}},
        }
    return {
        "openapi": "3.1.0", "info": {"title": host, "version": "1"}, "paths": paths,
        "servers": [{"url": f"https://{host}"}],
    }  # fmt: skip


def _named(template: str) -> tuple[str, list[dict[str, Any]]]:
    """A path whose variables have names of their own, and what they are."""
    found: list[dict[str, Any]] = []

    def one(variable: re.Match[str]) -> str:
        kind, name = variable[1], f"of{len(found)}"
        schema = {"type": VARIABLES[kind][0]} | ({"format": kind} if kind in FORMATS else {})
        found.append({"name": name, "in": "path", "required": True, "schema": schema})
        return f"{{{name}}}"

    return VARIABLE.sub(one, template), found


def shape(template: str) -> str:
    """A template whose variables have no names."""
    return VARIABLE.sub("{}", template)
