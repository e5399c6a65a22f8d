"""Traffic that a public API description allows, and what an inventory of it should say.

In:     the tree of an OpenAPI 3 document.
Out:    exchanges; methods with path shapes, query parameters and properties that were used.

Values of a path follow the schema; where that only says text, the parameter's name and chance
decide once for a parameter whether it is a number, a hash, a token, a UUID or a name. What is read
and has no schema is answered with some fields of its own.
"""

import json
import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlsplit

from schemas.types import Exchange
from tests.apis.values import KINDS, PEOPLE, VARIABLES, day, moment, uuid
from tests.traffic import exchange

Json = dict[str, Any]
METHODS = ("get", "put", "post", "delete", "patch")
VARIABLE = re.compile(r"\{([^{}]+)\}")
CALLS, DAY_S = 60, 86_400
DEPTH_MAX, OPTIONAL_SHARE, FAILED_SHARE = 5, 0.6, 0.05
NAMES = tuple(
    f"{one}-{two}" for one in PEOPLE[::10] for two in ("app", "web", "api", "docs", "lib")
)
FORMATS = {
    "date": day, "date-time": moment, "uuid": uuid, "email": KINDS["email"].make,
    "uri": KINDS["url"].make, "ipv4": KINDS["ip"].make,
}  # fmt: skip


@dataclass(slots=True)
class Truth:
    """What was used with success."""

    operations: set[tuple[str, str]] = field(default_factory=set)
    """Method and path, each variable as {}."""
    parameters: set[tuple[str, str, str]] = field(default_factory=set)
    properties: set[tuple[str, str, str]] = field(default_factory=set)
    """With in or out and the place at the top: in $.name, out $[].name."""


class Walker:
    """One description."""

    def __init__(self, tree: Json, host: str, seed: int) -> None:
        self._tree, self._host = tree, host
        self._dice = random.Random(f"{host}/{seed}")
        self._makers: dict[str, Any] = {}
        url = next((s.get("url", "") for s in tree.get("servers", ())), "")
        self._base = urlsplit(VARIABLE.sub("v1", url)).path.rstrip("/")
        self.truth = Truth()
        self._listed: dict[str, list[tuple[re.Pattern[str], str]]] = {}
        self._patterns()

    def calls(self) -> Iterator[Exchange]:
        """Each operation about as often, in any order, over a day."""
        every = [one for one in self._operations() for _ in range(CALLS)]
        self._dice.shuffle(every)
        for serial, (method, path, item, operation) in enumerate(every):
            at_s = serial * DAY_S / len(every)
            yield self._call(method, path, item, operation, at_s, serial)

    def _operations(self) -> Iterator[tuple[str, str, Json, Json]]:
        for path, item in self._tree.get("paths", {}).items():
            for method in METHODS:
                if isinstance(item, dict) and isinstance(item.get(method), dict):
                    yield method, path, item, item[method]

    def _call(
        self, method: str, path: str, item: Json, operation: Json, at_s: float, serial: int
    ) -> Exchange:
        dice = self._dice
        given = self._given(item, operation)
        target, shape = self._path(path, given)
        query = self._query(given)
        sent, media = self._body(operation)
        failed = dice.random() < FAILED_SHARE
        status, got = (404, {"message": "no"}) if failed else self._answer(method, shape, operation)
        if not failed:
            self._note(method.upper(), shape, query, sent if "json" in media else None, got)
        encoded = "&".join(f"{quote(n)}={quote(str(v))}" for n, v in query.items())
        return exchange(
            f"{target}?{encoded}" if encoded else target, status, at_s=at_s, serial=serial,
            client=f"10.2.0.{dice.randrange(200)}", host=self._host, method=method.upper(),
            headers=[(b"Content-Type", media.encode())] if media else [],
            sent=json.dumps(sent).encode() if media else b"",
            got=b"" if got is None else json.dumps(got).encode(),
            got_headers=[] if got is None else [(b"Content-Type", b"application/json")],
        )  # fmt: skip

    def _given(self, item: Json, operation: Json) -> dict[Any, Json]:
        every = (*item.get("parameters", ()), *operation.get("parameters", ()))
        return {(one.get("in"), one.get("name")): one for one in map(self._resolved, every)}

    def _note(self, method: str, shape: str, query: Json, sent: Any, got: Any) -> None:
        truth = self.truth
        truth.operations.add((method, shape))
        truth.parameters.update((method, shape, name) for name in query)
        for direction, value in (("in", sent), ("out", got)):
            rows = value if isinstance(value, list) else [value]
            lead = f"{direction} $[]" if isinstance(value, list) else f"{direction} $"
            for row in rows:
                if isinstance(row, dict):
                    truth.properties.update((method, shape, f"{lead}.{name}") for name in row)

    def _path(self, path: str, given: dict[Any, Json]) -> tuple[str, str]:
        """The path with values, and its shape."""
        target = self._base + path
        for name in VARIABLE.findall(path):
            value = str(self._in_path(name, given))
            target = target.replace(f"{{{name}}}", quote(value, safe="~!$'()*+,=:@"))
        return target, VARIABLE.sub("{}", self._base + path)

    def described(self, method: str, shape: str) -> str:
        """A told shape as the description has it: a variable with few values may stand as names."""
        for pattern, found in self._listed.get(method, ()):
            if pattern.fullmatch(shape):
                return found
        return shape

    def _patterns(self) -> None:
        for method, path, item, operation in self._operations():
            given = self._given(item, operation)
            made = re.escape(self._base)
            parts = VARIABLE.split(path)
            for i, part in enumerate(parts):
                listed = self._enum(part, given) if i % 2 else ()
                names = "|".join(re.escape(quote(str(one))) for one in listed)
                made += (rf"(?:\{{\}}|{names})" if names else r"\{\}") if i % 2 else re.escape(part)
            shape = VARIABLE.sub("{}", self._base + path)
            self._listed.setdefault(method.upper(), []).append((re.compile(made), shape))

    def _enum(self, name: str, given: dict[Any, Json]) -> Sequence[Any]:
        schema = self._resolved(given.get(("path", name), {}).get("schema"))
        return schema.get("enum", ())

    def _in_path(self, name: str, given: dict[Any, Json]) -> Any:
        if listed := self._enum(name, given):
            return self._dice.choice(listed)
        if name not in self._makers:
            schema = self._resolved(given.get(("path", name), {}).get("schema"))
            self._makers[name] = self._maker(name, schema)
        return self._makers[name](self._dice)

    def _maker(self, name: str, schema: Json) -> Any:
        if schema.get("type") in ("integer", "number"):
            return VARIABLES["id"][1]
        if schema.get("format") in FORMATS:
            return FORMATS[schema["format"]]
        if re.search(r"uuid|guid", name, re.I):
            return uuid
        if re.search(r"id$|_id|sid|key|hash|number", name, re.I):
            kind = self._dice.choice(("id", "id", "uuid", "hash", "token"))
            return VARIABLES[kind][1]
        pool = self._dice.choice((NAMES, PEOPLE))
        return lambda dice: dice.choice(pool)

    def _query(self, given: dict[Any, Json]) -> Json:
        found = {}
        for (place, name), one in given.items():
            if place != "query" or not re.fullmatch(r"[A-Za-z_][\w.-]{0,40}", str(name)):
                continue
            if one.get("required") or self._dice.random() < OPTIONAL_SHARE / 2:
                value = self.value(one.get("schema"))
                found[name] = value if isinstance(value, str | int | float) else "all"
        return found

    def _body(self, operation: Json) -> tuple[Any, str]:
        content = self._resolved(operation.get("requestBody")).get("content", {})
        media = next((kind for kind in content if kind.startswith("application/json")), "")
        return (
            (self.value(content[media].get("schema")), "application/json") if media else (None, "")
        )

    def _answer(self, method: str, shape: str, operation: Json) -> tuple[int, Any]:
        for status, raw in operation.get("responses", {}).items():
            if not str(status).startswith("2"):
                continue
            content = self._resolved(raw).get("content", {})
            media = next((kind for kind in content if "json" in kind), "")
            code = int(status) if str(status).isdigit() else 200
            if media:
                return code, self.value(content[media].get("schema"))
            return code, self._own(shape) if method == "get" else None
        return 200, None

    def _own(self, shape: str) -> Json:
        """Fields of an operation without a schema, always the same."""
        names = random.Random(shape).sample(NAMES, 3)
        return {name.replace("-", "_"): KINDS["word"].make(self._dice) for name in names}

    def _resolved(self, node: Any) -> Json:
        for _ in range(16):
            if not isinstance(node, dict):
                return {}
            reference = node.get("$ref")
            if not isinstance(reference, str):
                return node
            node = self._tree
            for part in reference.removeprefix("#/").split("/"):
                name = part.replace("~1", "/").replace("~0", "~")
                node = node.get(name) if isinstance(node, dict) else None
        return {}

    def value(self, given: Any, depth: int = DEPTH_MAX) -> Any:
        """A value that a schema allows, more or less."""
        schema = self._resolved(given)
        dice = self._dice
        if schema.get("enum"):
            return dice.choice(schema["enum"])
        for word in ("oneOf", "anyOf"):
            if schema.get(word):
                return self.value(dice.choice(schema[word]), depth - 1) if depth else None
        if "properties" in schema or "allOf" in schema or schema.get("type") == "object":
            return self._object(schema, depth)
        if schema.get("type") == "array":
            return [self.value(schema.get("items"), depth - 1) for _ in range(2 if depth else 0)]
        return self._scalar(schema)

    def _object(self, schema: Json, depth: int) -> Json:
        if depth <= 0:
            return {}
        made: Json = {}
        for part in schema.get("allOf", ()):
            value = self.value(part, depth - 1)
            made |= value if isinstance(value, dict) else {}
        required = schema.get("required")
        wanted = required if isinstance(required, list) else []
        for name, inner in (schema.get("properties") or {}).items():
            if name in wanted or self._dice.random() < OPTIONAL_SHARE:
                made[name] = self.value(inner, depth - 1)
        return made

    def _scalar(self, schema: Json) -> Any:
        kind = schema.get("type")
        if isinstance(kind, list):
            kind = kind[0]
        if kind in ("integer", "number", "boolean"):
            return KINDS[kind].make(self._dice)
        make = FORMATS.get(schema.get("format", ""), KINDS["word"].make)
        return make(self._dice)
