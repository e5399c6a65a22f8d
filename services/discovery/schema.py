"""Shapes to JSON Schema (draft 2020-12, as OpenAPI 3.1 has it)."""

from collections.abc import Callable
from typing import Any

from services.discovery.shape import Shape

Schema = dict[str, Any]


def json_schema(shape: Shape) -> Schema:
    """The schema of values that have types of their own; empty: nothing was seen."""
    kinds = shape.kinds()
    nullable = "null" in kinds and len(kinds) > 1
    if nullable:
        kinds.discard("null")
    if "number" in kinds:
        kinds.discard("integer")
    schemas = [_kind(kind, shape, json_schema) for kind in sorted(kinds)]
    if not schemas:
        return {}
    if len(schemas) == 1:
        (schema,) = schemas
        return {**schema, "type": [schema["type"], "null"]} if nullable else schema
    return {"anyOf": [*schemas, *([{"type": "null"}] if nullable else [])]}


def text_schema(shape: Shape) -> Schema:
    """The schema of texts: where several kinds were seen, they are texts and no more."""
    kinds = shape.kinds()
    if "object" in kinds and not shape.properties and shape.other is None:
        # Empty elements of XML, and nothing else that has a structure: empty texts.
        kinds = kinds - {"object"} or {"string"}
    structured = kinds & {"object", "array"}
    if structured:
        schemas = [_kind(kind, shape, text_schema) for kind in sorted(structured)]
        if kinds - structured:
            schemas.append({"type": "string"})
        return schemas[0] if len(schemas) == 1 else {"anyOf": schemas}
    if "number" in kinds:
        kinds.discard("integer")
    if len(kinds) > 1:
        return {"type": "string"}
    return _kind(kinds.pop(), shape, text_schema) if kinds else {}


def _kind(kind: str, shape: Shape, inner: Callable[[Shape], Schema]) -> Schema:
    if kind == "object":
        return _object(shape, inner)
    if kind == "array":
        items = inner(shape.items) if shape.items is not None else {}
        return {"type": "array", "items": items}
    if kind == "string" and len(shape.formats) == 1:
        (name,) = shape.formats
        return {"type": "string", "format": name} if name else {"type": "string"}
    return {"type": kind}


def _object(shape: Shape, inner: Callable[[Shape], Schema]) -> Schema:
    schema: Schema = {"type": "object"}
    count = shape.objects
    if shape.properties:
        schema["properties"] = {
            name: inner(below) for name, below in sorted(shape.properties.items())
        }
        required = [
            name for name, below in sorted(shape.properties.items()) if below.count >= count
        ]
        if required:
            schema["required"] = required
    if shape.other is not None:
        schema["additionalProperties"] = inner(shape.other)
    if shape.cut:
        schema["x-cut"] = True
    return schema
