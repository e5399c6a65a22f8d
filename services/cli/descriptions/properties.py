"""A schema to the places in it: $.orders[].id.

The same for a description's schemas and for those of the inventory, so they can be compared. All
alternatives count: what one of them names is named.
"""

from typing import Any

from services.cli.descriptions.document import Json, resolved

Properties = frozenset[str]
# Schemas refer to themselves: a comment has comments.
DEPTH_MAX = 8
PLACES_MAX = 5_000
ANY = ".*"
"""Behind a place: what is below it has any name."""


def properties(tree: Json, schema: Any) -> Properties:
    """Every place of a schema, its root excepted; one that ends in `.*` is open below."""
    found: set[str] = set()
    _walk(tree, schema, "$", found, DEPTH_MAX)
    return frozenset(found)


def _walk(tree: Json, given: Any, path: str, found: set[str], depth: int) -> None:
    schema = resolved(tree, given)
    if depth == 0 or len(found) >= PLACES_MAX:
        found.add(f"{path}{ANY}")
        return
    for word in ("allOf", "anyOf", "oneOf"):
        parts = schema.get(word)
        for part in parts if isinstance(parts, list) else ():
            _walk(tree, part, path, found, depth - 1)
    below = schema.get("properties")
    named = below if isinstance(below, dict) else {}
    for name, inner in named.items():
        found.add(f"{path}.{name}")
        _walk(tree, inner, f"{path}.{name}", found, depth - 1)
    if "items" in schema:
        _walk(tree, schema["items"], f"{path}[]", found, depth - 1)
    other = schema.get("additionalProperties")
    composed = any(word in schema for word in ("allOf", "anyOf", "oneOf"))
    free = not named and not composed and schema.get("type") in (None, "object")
    if other or (free and "items" not in schema and other is not False):
        found.add(f"{path}{ANY}")


def unnamed(seen: Properties, described: Properties) -> list[str]:
    """What was seen and is not described; of what lies below one such place, only that place."""
    open_below = [place.removesuffix(ANY) for place in described if place.endswith(ANY)]
    found: list[str] = []
    for place in sorted(place for place in seen if not place.endswith(ANY)):
        if place in described or any(_is_below(place, outer) for outer in (*open_below, *found)):
            continue
        found.append(place)
    return found


def _is_below(place: str, outer: str) -> bool:
    return place.startswith((f"{outer}.", f"{outer}["))
