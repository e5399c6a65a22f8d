"""GraphQL over HTTP: operations by name, and the fields that they select.

In:     a request's JSON, its body of type application/graphql, or its query.
Out:    the operation's name; of one without a name its kind and root fields (query me,orders).
        Fields by path from the root type on: query.me.name.

This is no parser of the whole language (GraphQL October 2021, 2): arguments and variables are
skipped, types are not looked at, and what is malformed ends the reading.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from services.discovery.protocols.spoken import BATCH_MAX, Spoken, members, plausible

SIGN = re.compile(rb'"(?:query|operationName)"\s*:\s*"|"persistedQuery"\s*:')
ERRORS = re.compile(rb'"errors"\s*:')
DOCUMENT = re.compile(
    r"[\s\ufeff,]*(?:#[^\n]*\n\s*)*(?:\{|(?:query|mutation|subscription|fragment)\b)"
)
TOKEN = re.compile(
    r'"""(?:\\"""|[^"]|"(?!""))*"""|"(?:\\.|[^"\\\n])*"|#[^\n\r]*|\.\.\.|[{}():@]|[_A-Za-z]\w*',
    re.ASCII,
)
KINDS = ("query", "mutation", "subscription")
# Larger documents are made by machines or by attackers; their beginning says enough.
DOCUMENT_CHARACTERS_MAX = 16_384
FIELDS_MAX = 64
FIELD_CHARACTERS_MAX = 64
DEPTH_MAX = 10
ROOTS_TOLD_MAX = 4


@dataclass(slots=True)
class Definition:
    """An operation or fragment of a document."""

    kind: str
    name: str = ""
    fields: list[tuple[str, ...]] = field(default_factory=list)
    """Paths, in the order of the document."""
    spreads: list[tuple[tuple[str, ...], str]] = field(default_factory=list)
    """Fragments with the place where they are spread."""


def spoken_json(data: bytes) -> Spoken | None:
    """What a request asks for, or a batch; None: this is not GraphQL."""
    asked = members(data)
    if asked is None:
        return None
    asked = asked[:BATCH_MAX]
    found = [one for one in map(_asked, asked) if one is not None]
    if not found or len(found) < len(asked):
        return None
    names = dict.fromkeys(name for name, _ in found)
    fields = dict.fromkeys(path for _, paths in found for path in paths)
    return Spoken("graphql", tuple(names), tuple(fields)[:FIELDS_MAX])


def spoken_text(document: str, operation: str = "") -> Spoken | None:
    """What a document asks for; None: it is none."""
    found = _asked({"query": document, "operationName": operation})
    return Spoken("graphql", (found[0],), found[1]) if found else None


def _asked(request: object) -> tuple[str, tuple[str, ...]] | None:
    """Name and fields; None where it is no request of GraphQL."""
    if not isinstance(request, Mapping):
        return None
    document, wanted = request.get("query"), plausible(request.get("operationName"))
    if isinstance(document, str) and "{" in document and DOCUMENT.match(document):
        return _named(definitions(document[:DOCUMENT_CHARACTERS_MAX]), wanted)
    extensions: Any = request.get("extensions")
    if not document and isinstance(extensions, Mapping) and "persistedQuery" in extensions:
        return wanted, ()
    return None


def _named(found: list[Definition], wanted: str) -> tuple[str, tuple[str, ...]]:
    operations = [one for one in found if one.kind in KINDS]
    chosen = next((one for one in operations if one.name == wanted), None)
    chosen = chosen or next(iter(operations), None)
    if chosen is None:
        return wanted, ()
    fragments = {one.name: one for one in found if one.kind == "fragment"}
    paths = _selected(chosen, fragments)
    roots = list(dict.fromkeys(path[0] for path in paths))
    name = plausible(chosen.name)
    if not name and roots:
        name = f"{chosen.kind} {','.join(sorted(roots)[:ROOTS_TOLD_MAX])}"
    return name, tuple(".".join((chosen.kind, *path)) for path in paths)


def _selected(chosen: Definition, fragments: Mapping[str, Definition]) -> list[tuple[str, ...]]:
    """Paths with those of fragments, each fragment once: they may refer to each other."""
    paths = dict.fromkeys(chosen.fields)
    waiting, seen = list(chosen.spreads), set[str]()
    while waiting and len(paths) < FIELDS_MAX:
        at, name = waiting.pop(0)
        fragment = fragments.get(name)
        if fragment is None or name in seen:
            continue
        seen.add(name)
        paths.update(dict.fromkeys((*at, *path) for path in fragment.fields))
        waiting += [((*at, *inner), below) for inner, below in fragment.spreads]
    return [path for path in paths if len(path) <= DEPTH_MAX][:FIELDS_MAX]


def failed(answer: bytes) -> bool:
    """Whether an answer has errors and no data (GraphQL, 7.1)."""
    if not ERRORS.search(answer):
        return False
    answers = members(answer)
    return answers is not None and all(
        isinstance(one, dict) and "errors" in one and _is_empty(one.get("data")) for one in answers
    )


def _is_empty(data: object) -> bool:
    """No data, or null for each root field."""
    if isinstance(data, dict):
        return all(value is None for value in data.values())
    return data is None


def definitions(document: str) -> list[Definition]:
    """The operations and fragments of a document."""
    reader = _Reader()
    for found in TOKEN.finditer(document):
        if found[0][0] not in '"#':
            reader.take(found[0])
    return reader.found


class _Reader:
    """Token by token; what it has found so far is there at any time."""

    def __init__(self) -> None:
        self.found: list[Definition] = []
        self._path: list[str] = []
        """A name for each brace that is open; empty where it adds none to the path."""
        self._before = ""
        self._last = ""
        """The field that a brace would open; empty: an inline fragment or the root."""
        self._arguments = 0

    def take(self, sign: str) -> None:
        """Read on."""
        before, self._before = self._before, sign
        if sign in "()":
            self._arguments = max(0, self._arguments + (1 if sign == "(" else -1))
        elif self._arguments:
            return
        elif sign == "{":
            self._open(before)
        elif sign == "}":
            self._path[-1:] = []
            self._last = ""
        elif sign == "...":
            self._last = ""
        elif sign[0] not in ":@":
            self._name(sign[:FIELD_CHARACTERS_MAX], before)

    def _open(self, before: str) -> None:
        if not self._path and (not self.found or before in ("", "}")):
            self.found.append(Definition("query"))  # the short form: { me { name } }
        self._path.append(self._last)
        self._last = ""

    def _name(self, name: str, before: str) -> None:
        if before == "@":
            return
        if not self._path:
            self._head(name, before)
            return
        definition, path = self.found[-1], tuple(filter(None, self._path))
        if before == "...":
            if name != "on" and len(definition.spreads) < FIELDS_MAX:
                definition.spreads.append((path, name))
            return
        if before == "on" and not self._last:
            return  # the type of an inline fragment
        if before == ":" and definition.fields:
            definition.fields.pop()  # it was an alias
        self._last = name
        if len(definition.fields) < FIELDS_MAX:
            definition.fields.append((*path, name))

    def _head(self, name: str, before: str) -> None:
        """Between definitions: a keyword, the name behind it, or a fragment's type."""
        if before in ("", "}") and name in (*KINDS, "fragment"):
            self.found.append(Definition(name))
        elif before in (*KINDS, "fragment") and self.found and not self.found[-1].name:
            self.found[-1].name = name
