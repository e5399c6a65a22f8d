"""The inventory beside the truth: what was found of what is there, what is there of what was told.

In:     a world, the endpoints that discovery told.
Out:    by question, the truth and what was told as sets of facts.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from schemas.types import Endpoint
from tests.apis.described import shape
from tests.apis.operation import Made, Place, places, sensitive
from tests.apis.wire import wire_fields
from tests.apis.world import World

VARIABLE = re.compile(r"\{(\w+?)\d*\}")
TEXTS = ("form", "xml", "multipart", "soap")
CREDENTIALS = {
    "api_key": ("header", "x-api-key"), "cookie": ("cookie", "sessionid"), "none": None,
}  # fmt: skip
Key = tuple[str, str, str, str]
Fact = tuple[Any, ...]
SCALARS = {"integer", "number", "boolean", "string"}


@dataclass(slots=True)
class Figure:
    """One question: facts that are true, facts that were told."""

    there: set[Fact] = field(default_factory=set)
    told: set[Fact] = field(default_factory=set)

    @property
    def recall(self) -> float:
        """What was found of what is there."""
        return len(self.there & self.told) / len(self.there) if self.there else 1.0

    @property
    def precision(self) -> float:
        """What is there of what was told."""
        return len(self.there & self.told) / len(self.told) if self.told else 1.0


def scored(made: World, told: Iterable[Endpoint]) -> dict[str, Figure]:
    """All questions. Those about parts of an operation are asked of operations that were found."""
    truth = {(m.host, m.method, shape(m.template), m.operation): m for m in made.operations}
    found = {_key(e): e for e in told if e.admitted and "page" not in e.tags}
    figures = {
        "operations": Figure(set(truth), set(found)),
        "templates": Figure(
            {(host, template) for host, _, template, _ in truth},
            {(host, template) for host, _, template, _ in found},
        ),
    }
    for key in truth.keys() & found.keys():
        for question, there in _truth(truth[key]).items():
            figures.setdefault(question, Figure()).there.update((*key, *fact) for fact in there)
        for question, said in _said(found[key]).items():
            figures.setdefault(question, Figure()).told.update((*key, *fact) for fact in said)
    return figures


def _key(endpoint: Endpoint) -> Key:
    return endpoint.host, endpoint.method, shape(endpoint.template), endpoint.operation or ""


def _truth(made: Made) -> dict[str, set[Fact]]:
    credential = CREDENTIALS.get(made.auth, ("header", "authorization"))
    parameters = [("query", one, "") for one in made.query]
    parameters += [("header", one, "") for one in made.headers]
    at: list[Place] = []
    for place, one, _ in parameters:
        at += [(f"{place} {path}", *rest) for path, *rest in _flat(places([one], "", texts=True))]
    names = {(place, one.name) for place, one, _ in parameters}
    return {
        "variables": set(enumerate(VARIABLE.findall(made.template))),
        "parameters": names | ({credential} if credential else set()),
        **_places([*at, *_bodies(made)], {"types", "required"}),
        "properties": {(path,) for path, *_ in _bodies(made)},
        "sensitive": set(_flows(made)),
        "authentication": {(made.auth,)},
        "protocols": {(made.protocol,)},
        "selected fields": {(path,) for path in made.selected},
    }


def _flat(of: Iterable[Place]) -> Iterator[Any]:
    return ((path.removeprefix("."), *rest) for path, *rest in of)


def _bodies(made: Made) -> list[Place]:
    texts = made.media in TEXTS
    sent = wire_fields(made)
    got = "$[]" if made.listed else "$"
    at = [(f"in {path}", *rest) for path, *rest in places(sent, "$", texts=texts)]
    if made.media == "multipart" and made.sent:
        at.append(("in $.upload", frozenset({"string"}), "binary", True))
    return at + [
        (f"out {path}", *rest) for path, *rest in places(made.got, got, texts=made.media == "soap")
    ]


def _flows(made: Made) -> Iterator[Fact]:
    for path, kind in sensitive(wire_fields(made), "$"):
        yield "in", path, kind
    for path, kind in sensitive(made.got, "$[]" if made.listed else "$"):
        yield "out", path, kind


def _places(at: Sequence[Place], questions: set[str]) -> dict[str, set[Fact]]:
    found: dict[str, set[Fact]] = {question: set() for question in questions}
    for path, types, form, required in at:
        found["types"].add((path, tuple(sorted(types)), form))
        if required is not None:
            found["required"].add((path, required))
    return found


def _said(endpoint: Endpoint) -> dict[str, set[Fact]]:
    other = [p for p in endpoint.parameters if p.place != "path"]
    keys = {pair for pair in CREDENTIALS.values() if pair} | {("header", "authorization")}
    at = [
        _schema_place(f"{p.place} {p.name}", json.loads(p.schema), p.required)
        for p in other
        if (p.place, p.name) not in keys
    ]
    bodies = list(_told_bodies(endpoint))
    return {
        "variables": set(enumerate(VARIABLE.findall(endpoint.template))),
        "parameters": {(p.place, p.name) for p in other},
        **_places([*at, *bodies], {"types", "required"}),
        "properties": {(path,) for path, *_ in bodies},
        "sensitive": {
            (p.direction, p.where.rpartition(" ")[2], p.kind)
            for p in endpoint.sensitive_at
            if "$" in p.where
        },
        "authentication": {(use.kind,) for use in endpoint.auth},
        "protocols": {(endpoint.protocol,)},
        "selected fields": {(path,) for path in endpoint.fields},
    }


def _told_bodies(endpoint: Endpoint) -> Iterator[Place]:
    for body in endpoint.request_bodies:
        yield from _below(json.loads(body.schema or "{}"), "in $")
    for response in endpoint.responses:
        if 200 <= response.status < 300:
            yield from _below(json.loads(response.schema or "{}"), "out $")


def _below(schema: Mapping[str, Any], path: str) -> Iterator[Place]:
    """Every place below one, alternatives together."""
    required = set(schema.get("required", ()))
    for name, inner in schema.get("properties", {}).items():
        yield _schema_place(f"{path}.{name}", inner, name in required)
        yield from _below(inner, f"{path}.{name}")
    if "additionalProperties" in schema:
        inner = schema["additionalProperties"]
        yield _schema_place(f"{path}.*", inner, None)
        yield from _below(inner, f"{path}.*")
    if "items" in schema:
        inner = schema["items"]
        if path[-1] != "$":
            yield _schema_place(f"{path}[]", inner, None)
        yield from _below(inner, f"{path}[]")
    for inner in schema.get("anyOf", ()):
        yield from _below(inner, path)


def _schema_place(path: str, schema: Mapping[str, Any], required: bool | None) -> Place:
    alternatives = schema.get("anyOf", (schema,))
    types: set[str] = set()
    for one in alternatives:
        kind = one.get("type", ())
        types |= {kind} if isinstance(kind, str) else set(kind)
    forms = {one["format"] for one in alternatives if "format" in one}
    return path, frozenset(types), ",".join(sorted(forms)), required
