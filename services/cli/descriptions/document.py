"""A description's file to its tree, and references inside it.

Descriptions in use are rarely valid to the letter, so nothing is validated: what cannot be read is
left out, and the rest is compared. References lead inside the file only.
"""

from pathlib import Path
from typing import Any

import orjson
import yaml

from services.cli.refusal import RefusedError, os_reason

Json = dict[str, Any]
FILE_BYTES_MAX = 67_108_864
# A reference to a reference to a reference …
HOPS_MAX = 16


def load(path: Path) -> Json:
    """The tree of a JSON or YAML file. Raises RefusedError where it is no description."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise RefusedError(f"{path}: {os_reason(error)}.") from error
    if len(data) > FILE_BYTES_MAX:
        raise RefusedError(f"{path}: larger than {FILE_BYTES_MAX >> 20} MiB.")
    tree = _parsed(path, data)
    if not isinstance(tree, dict) or not ("openapi" in tree or "swagger" in tree):
        raise RefusedError(f"{path}: neither OpenAPI 3 nor Swagger 2: it does not say its version.")
    if not isinstance(tree.get("paths", {}), dict):
        raise RefusedError(f"{path}: its paths are no object.")
    return tree


def _parsed(path: Path, data: bytes) -> Any:
    try:
        return orjson.loads(data.removeprefix(b"\xef\xbb\xbf"))
    except orjson.JSONDecodeError:
        pass
    try:
        return yaml.load(data, getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - safe
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        reason = str(error).partition("\n")[0]
        raise RefusedError(f"{path}: neither JSON nor YAML: {reason}.") from error


def resolved(tree: Json, node: Any) -> Json:
    """What a node refers to; an empty object where that is not there or elsewhere."""
    for _ in range(HOPS_MAX):
        if not isinstance(node, dict):
            return {}
        reference = node.get("$ref")
        if not isinstance(reference, str):
            return node
        node = _pointed(tree, reference)
    return {}


def _pointed(tree: Json, reference: str) -> Any:
    """RFC 6901, in the form of a fragment."""
    file, hash_, pointer = reference.partition("#/")
    if file or not hash_:
        return {}
    node: Any = tree
    for part in pointer.split("/"):
        name = part.replace("~1", "/").replace("~0", "~").replace("%7B", "{").replace("%7D", "}")
        if isinstance(node, list) and name.isdigit() and int(name) < len(node):
            node = node[int(name)]
        elif isinstance(node, dict):
            node = node.get(name)
        else:
            return {}
    return node
