"""The standard's own schema, version 1.8.0, as the judge of our events.

The package ocsf-json-schema carries the compiled schema files of every OCSF release and makes
JSON Schemas of them. What JSON Schema does not say, the files do: the word that must stand beside
each number, and what is deprecated.
"""

from collections.abc import Iterator
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator
from ocsf_json_schema import OcsfJsonSchemaEmbedded, get_ocsf_schema

VERSION = "1.8.0"
PROFILES = ["security_control"]


@cache
def standard() -> dict[str, Any]:
    """The compiled schema: classes, objects, dictionary."""
    schema: dict[str, Any] = get_ocsf_schema(version=VERSION)
    assert schema["version"] == VERSION
    return schema


@cache
def _validator(class_uid: int) -> Draft202012Validator:
    schemas = OcsfJsonSchemaEmbedded(standard())
    name = schemas.lookup_class_name_from_uid(class_uid=class_uid)
    return Draft202012Validator(schemas.get_class_schema(class_name=name, profiles=PROFILES))


def faults(event: dict[str, Any]) -> list[str]:
    """Everything in an event that the standard does not allow, with its place."""
    class_uid = event["class_uid"]
    found = [f"{e.json_path}: {e.message}" for e in _validator(class_uid).iter_errors(event)]
    (shape,) = [c for c in standard()["classes"].values() if c["uid"] == class_uid]
    return found + list(_beyond_json_schema(event, shape, "$"))


def _beyond_json_schema(value: dict[str, Any], shape: dict[str, Any], at: str) -> Iterator[str]:
    for name, item in value.items():
        attribute = shape["attributes"].get(name)
        if attribute is None:
            continue  # JSON Schema has said so, but for objects that are free.
        if "@deprecated" in attribute:
            yield f"{at}.{name}: deprecated"
        yield from _sibling_faults(value, name, attribute, at)
        inner = standard()["objects"].get(attribute.get("object_type", ""))
        for each in item if isinstance(item, list) else [item]:
            if inner and isinstance(each, dict):
                yield from _beyond_json_schema(each, inner, f"{at}.{name}")


def _sibling_faults(
    value: dict[str, Any], name: str, attribute: dict[str, Any], at: str
) -> Iterator[str]:
    """The word beside a number is the caption of that number, or the source's own for Other."""
    sibling, number = attribute.get("sibling"), value[name]
    caption = attribute.get("enum", {}).get(str(number), {}).get("caption")
    if not sibling or caption is None:
        return
    if sibling not in value:
        yield f"{at}.{name}: {sibling} is missing beside it"
    elif number != 99 and value[sibling] != caption:
        yield f"{at}.{sibling}: is {value[sibling]}, the standard says {caption}"
