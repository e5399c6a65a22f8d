"""A stub made from an exported OpenAPI document: does it take the traffic the export was made from?

In:     a document of the inventory; requests with their answers.
Out:    for each whether the document allows it, and if not, why.

It takes a request as a strict server would: path, method, parameters by place, type and being
required, the body's media type and its schema, and the answer's status, media type and schema. A
body of XML, multipart or gRPC is judged by its media type alone.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl, unquote

from jsonschema import Draft202012Validator

from schemas.types import Exchange, Request, Response

Json = dict[str, Any]
VARIABLE = re.compile(r"\{(\w+)\}")
FORM = "application/x-www-form-urlencoded"
NUMBERS = {
    "integer": int,
    "number": float,
    "boolean": lambda text: {"true": True, "false": False}[text],
}


@dataclass(frozen=True, slots=True)
class _Route:
    pattern: re.Pattern[str]
    names: tuple[str, ...]
    literal: int
    operation: Json


class Stub:
    """The routes of a document; of several that fit, the one with most of its path written out."""

    def __init__(self, document: Json) -> None:
        self._routes: dict[str, list[_Route]] = {}
        for path, item in document["paths"].items():
            parts = VARIABLE.split(path)
            made = "".join("([^/]+)" if i % 2 else re.escape(p) for i, p in enumerate(parts))
            literal = len("".join(parts[::2]))
            for method, operation in item.items():
                route = _Route(re.compile(made), tuple(parts[1::2]), literal, operation)
                self._routes.setdefault(method.upper(), []).append(route)
        for routes in self._routes.values():
            routes.sort(key=lambda route: -route.literal)

    def refusal(self, exchange: Exchange) -> str:
        """Why an exchange does not fit; empty: it does."""
        request, response = exchange.request, exchange.response
        if request is None or response is None:
            return "no answer"
        path, _, query = request.target.decode("latin-1").partition("?")
        first = ""
        for route in self._routes.get(request.method.decode(), ()):
            found = route.pattern.fullmatch(path)
            if found is None or not _served(route.operation, exchange.host):
                continue
            values = dict(zip(route.names, map(unquote, found.groups()), strict=True))
            reason = next(_refusals(route.operation, values, query, request, response), "")
            if not reason:
                return ""
            first = first or reason
        return first or "no such path"


def _served(operation: Json, host: str) -> bool:
    """Whether a server of an operation has this host; {any} stands for labels."""
    hosts = (server["url"].removeprefix("//") for server in operation.get("servers", ()))
    return any(re.fullmatch(re.escape(one).replace(r"\{any\}", ".+"), host) for one in hosts)


def _refusals(
    operation: Json, path: Mapping[str, str], query: str, request: Request, response: Response
) -> Iterator[str]:
    headers = {n.decode().lower(): v.decode("latin-1") for n, v in request.headers}
    cookies = dict(
        crumb.strip().partition("=")[::2] for crumb in headers.get("cookie", "").split(";")
    )
    given = {
        "path": path, "query": dict(parse_qsl(query, keep_blank_values=True)),
        "header": headers, "cookie": cookies,
    }  # fmt: skip
    for parameter in operation.get("parameters", ()):
        text = given[parameter["in"]].get(parameter["name"])
        if text is None and parameter["required"]:
            yield f"no {parameter['in']} {parameter['name']}"
        elif text is not None and not _text_fits(parameter["schema"], text):
            yield f"{parameter['in']} {parameter['name']}"
    named = {p["name"] for p in operation.get("parameters", ()) if p["in"] == "query"}
    yield from (f"query {name} is unknown" for name in given["query"] if name not in named)
    if request.body.wire_bytes:
        content = operation.get("requestBody", {}).get("content", {})
        yield from _body(content, headers.get("content-type", ""), request.body.kept, "request")
    described = operation["responses"].get(str(response.status))
    if described is None:
        yield f"status {response.status}"
    elif response.body.wire_bytes:
        kind = next((v for n, v in response.headers if n.lower() == b"content-type"), b"")
        content = described.get("content", {})
        yield from _body(content, kind.decode(), response.body.kept, str(response.status))


def _body(content: Json, content_type: str, kept: bytes | None, what: str) -> Iterator[str]:
    kind = content_type.partition(";")[0].strip().lower()
    if kind not in content:
        yield f"{what} of type {kind}"
        return
    schema = content[kind]["schema"]
    if kind.endswith("json"):
        error = next(_validator(json.dumps(schema)).iter_errors(json.loads(kept or b"null")), None)
        if error is not None:
            yield f"{what} {error.json_path}: {error.validator}"
    elif kind == FORM:
        form = dict(parse_qsl((kept or b"").decode("latin-1"), keep_blank_values=True))
        yield from (
            f"{what} has no {name}" for name in schema.get("required", ()) if name not in form
        )
        for name, text in form.items():
            if not _text_fits(schema.get("properties", {}).get(name, False), text):
                yield f"{what} field {name}"


def _text_fits(schema: Any, text: str) -> bool:
    """Whether a text is a value of a schema, as a number or a truth where it says so."""
    kind = schema.get("type") if isinstance(schema, dict) else None
    value: Any = text
    if kind in NUMBERS:
        try:
            value = NUMBERS[kind](text)
        except (KeyError, ValueError):
            return False
    return _validator(json.dumps(schema)).is_valid(value)


@lru_cache(8_192)
def _validator(schema: str) -> Draft202012Validator:
    checker = Draft202012Validator.FORMAT_CHECKER
    return Draft202012Validator(json.loads(schema), format_checker=checker)


def taken(document: Json, exchanges: Iterator[Exchange]) -> tuple[int, int, dict[str, int]]:
    """Of how many successful requests how many fit, and why others do not."""
    stub, total, fitting, reasons = Stub(document), 0, 0, dict[str, int]()
    for exchange in exchanges:
        if not _counts(exchange):
            continue
        total += 1
        reason = stub.refusal(exchange)
        fitting += not reason
        if reason:
            assert exchange.request is not None
            reason = f"{exchange.host} {exchange.request.method.decode()}: {reason}"
            reasons[reason] = reasons.get(reason, 0) + 1
    return total, fitting, reasons


def _counts(exchange: Exchange) -> bool:
    """Recorded calls of what is there: answered, no page, nothing that HTTP itself answers."""
    request, response = exchange.request, exchange.response
    return (
        request is not None
        and response is not None
        and request.method not in (b"HEAD", b"OPTIONS")
        and response.status < 300
        and (b"Content-Type", b"text/html") not in response.headers
    )
