"""A description's tree to its operations."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from services.cli.descriptions.document import Json, resolved
from services.cli.descriptions.properties import Properties, properties

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
VARIABLE = re.compile(r"\{([^{}]+)\}")
NARROW_TYPES = ("integer", "number", "boolean")
NARROW_FORMATS = ("uuid", "date", "date-time", "email", "ipv4", "ipv6")
# Of bodies without a schema.
ANYTHING: Properties = frozenset(("$.*",))


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """One operation as a description has it."""

    method: str
    path: str
    """As in the description, without the base path."""
    bases: tuple[str, ...]
    """Paths of its servers; "" for the root."""
    narrow: frozenset[str]
    """Variables of the path whose type no name has."""
    deprecated: bool
    parameters: frozenset[tuple[str, str]]
    """Place and name; names of headers in small letters."""
    statuses: frozenset[str]
    """200, 4XX, default."""
    sent: Properties
    """Of request bodies, of any media type."""
    got: dict[str, Properties] = field(default_factory=dict)
    """Of answers by status, as in `statuses`."""


def hosts(tree: Json) -> frozenset[str]:
    """The hosts that a description names, small letters, with the port where it has one."""
    named = [str(tree.get("host", ""))]
    named += [urlsplit(url).netloc for url, _ in _urls(tree, tree)]
    return frozenset(host.lower() for host in named if host)


def operations(tree: Json) -> list[Described]:
    """All operations, in the order of the document."""
    found = []
    for path, given in tree.get("paths", {}).items():
        item = resolved(tree, given)
        if not isinstance(path, str) or not path.startswith("/"):
            continue
        for method in METHODS:
            operation = item.get(method)
            if isinstance(operation, dict):
                found.append(_operation(tree, path, item, method, operation))
    return found


def _operation(tree: Json, path: str, item: Json, method: str, operation: Json) -> Described:
    given = [*_list(item.get("parameters")), *_list(operation.get("parameters"))]
    parameters = [resolved(tree, parameter) for parameter in given]
    responses = {
        _status(status): resolved(tree, response)
        for status, response in _object(operation.get("responses")).items()
    }
    return Described(
        method=method.upper(),
        path=path,
        bases=_bases(tree, item, operation),
        narrow=frozenset(_narrow(tree, parameters)),
        deprecated=operation.get("deprecated") is True,
        parameters=frozenset((*_named(parameters), *_security(tree, operation))),
        statuses=frozenset(responses),
        sent=_sent(tree, operation, parameters),
        got={
            status: _content(tree, response) or ANYTHING for status, response in responses.items()
        },
    )


def _narrow(tree: Json, parameters: list[Json]) -> Iterator[str]:
    for parameter in parameters:
        name, schema = parameter.get("name"), resolved(tree, parameter.get("schema", parameter))
        is_narrow = schema.get("type") in NARROW_TYPES or schema.get("format") in NARROW_FORMATS
        if parameter.get("in") == "path" and isinstance(name, str) and is_narrow:
            yield name


def _status(status: Any) -> str:
    """200, 4XX or default; YAML makes numbers of them."""
    name = str(status)
    return name if name == "default" else name.upper()


def _named(parameters: list[Json]) -> Iterator[tuple[str, str]]:
    for parameter in parameters:
        place, name = parameter.get("in"), parameter.get("name")
        if isinstance(place, str) and isinstance(name, str):
            yield place, name.lower() if place == "header" else name


def _security(tree: Json, operation: Json) -> Iterator[tuple[str, str]]:
    """Parameters that show who asks: they are described beside the operations."""
    components = _object(tree.get("components"))
    schemes = _object(tree.get("securityDefinitions") or components.get("securitySchemes"))
    required = operation.get("security", tree.get("security"))
    for requirement in _list(required):
        for name in _object(requirement):
            scheme = resolved(tree, schemes.get(name))
            if scheme.get("type") == "apiKey":
                yield from _named([scheme])
            elif scheme:
                yield "header", "authorization"


def _sent(tree: Json, operation: Json, parameters: list[Json]) -> Properties:
    body = resolved(tree, operation.get("requestBody"))
    found = _content(tree, body) or (ANYTHING if body else frozenset())
    for parameter in parameters:  # Swagger 2
        if parameter.get("in") == "body":
            found |= properties(tree, parameter.get("schema"))
        elif parameter.get("in") == "formData":
            found |= {f"$.{parameter.get('name')}"}
    return found


def _content(tree: Json, message: Json) -> Properties:
    """Properties of a body in any of its types; `schema` beside them is Swagger 2."""
    found: Properties = properties(tree, message["schema"]) if "schema" in message else frozenset()
    for media in _object(message.get("content")).values():
        found |= properties(tree, _object(media).get("schema"))
    return found


def _bases(tree: Json, item: Json, operation: Json) -> tuple[str, ...]:
    base = tree.get("basePath")
    if isinstance(base, str):
        return (base.rstrip("/"),)
    for level in (operation, item, tree):
        if urls := list(_urls(tree, level)):
            return tuple(dict.fromkeys(path for _, path in urls))
    return ("",)


def _urls(tree: Json, level: Json) -> Iterator[tuple[str, str]]:
    """Servers, variables at their defaults, and the path of each."""
    for given in _list(level.get("servers")):
        server = resolved(tree, given)
        variables = _object(server.get("variables"))

        def default(found: re.Match[str], variables: Json = variables) -> str:
            return str(_object(variables.get(found[1])).get("default", found[0]))

        url = VARIABLE.sub(default, str(server.get("url", "")))
        try:
            yield url, urlsplit(url).path.rstrip("/")
        except ValueError:
            continue  # [ in a host


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _object(value: Any) -> Json:
    return value if isinstance(value, dict) else {}
