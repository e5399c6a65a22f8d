"""The Model Context Protocol (2025-06-18): tools, resources and prompts have names of their own.

A call of a tool is an operation for each tool, as is a prompt; a resource is one for each
template of its URI. All other methods are operations themselves.
"""

from typing import Any

from services.discovery.paths import path_of
from services.discovery.protocols.spoken import plausible

METHODS = ("initialize", "tools/", "resources/", "prompts/", "completion/", "logging/", "sampling/",
           "roots/", "elicitation/", "notifications/")  # fmt: skip
# Methods whose parameter names what they are for.
NAMED = ("tools/call", "prompts/get")
RESOURCES = ("resources/read", "resources/subscribe", "resources/unsubscribe")


def is_method(method: object) -> bool:
    """Whether a method is one of MCP's; `initialize` alone is a language server's as well."""
    return isinstance(method, str) and method.startswith(METHODS)


def name(call: dict[str, Any]) -> str:
    """The operation: its method and, where it has one, the name of tool, prompt or resource."""
    method, given = plausible(call.get("method")), call.get("params")
    parameters = given if isinstance(given, dict) else {}
    if method in NAMED:
        return f"{method} {plausible(parameters.get('name'))}".rstrip()
    if method in RESOURCES:
        return f"{method} {_template(parameters.get('uri'))}".rstrip()
    return method


def _template(uri: object) -> str:
    """file:///notes/17.md as file:///notes/{id}.md; the first part of others may be a host."""
    if not isinstance(uri, str):
        return ""
    scheme, separator, rest = uri.partition("://")
    if not separator or not plausible(scheme):
        return ""
    path = rest.partition("?")[0].encode("utf-8", "surrogatepass")
    lead = "/" if path.startswith(b"/") else ""
    return f"{scheme}://{lead}{path_of(path).template[1:]}"
