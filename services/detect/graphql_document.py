"""The shape of a GraphQL document: how deep, how often the same, how it refers to itself.

In:   a document as sent (GraphQL specification, October 2021, 2).
Out:  Shape; malformed documents have the shape of what could be read.

This is no parser of the whole language: values and types are skipped.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache

_BLANK = rb"(?:[\s,]|\xef\xbb\xbf|#[^\n]*\n)*"
_WORD = rb"(?:query|mutation|subscription|fragment)\b"
# A selection begins with a field, a spread or a remark: what begins with a quote sign is JSON.
BEGIN = re.compile(_BLANK + rb"(?:" + _WORD + rb"|\{[\s,]*(?:[_A-Za-z]|\.\.\.|#))")
BEGIN_WITH_A_WORD = re.compile(_BLANK + _WORD)
_TOKEN = re.compile(
    rb'"""(?:\\"""|[^"]|"(?!""))*"""|"(?:\\.|[^"\\\n])*"|\#[^\n\r]*|\.\.\.|[{}():@]|[_A-Za-z]\w*'
)
# A connection of Relay has three levels for one: edges, node and what was asked for. A schema asked
# for is deep by its form: types of types of types.
WRAPPERS = frozenset({b"edges", b"node", b"nodes", b"__schema", b"__type", b"ofType"})
# Fields whose guesses are worth hiding behind names.
LOGIN = re.compile(rb"log_?in|sign_?in|auth|token|passw|otp|verif|pin\b", re.I)
# Fragments inside one another; more are no deeper than any limit.
FRAGMENTS_MAX = 50
# What is longer is named by its length already.
READ_BYTES_MAX = 100_000


@dataclass(slots=True)
class _Definition:
    depth: int = 0
    spreads: list[tuple[int, bytes]] = field(default_factory=list)


@dataclass(slots=True)
class Shape:
    """What counts; 0 where nothing does."""

    depth: int = 0
    """Levels of fields inside fields, fragments put in, wrappers of connections left out."""
    aliases: int = 0
    """How often one field stands in one selection under names of the client's, inline fragments
    put in; or how many fragments are spread there."""
    repeats: int = 0
    """How often one field stands in one selection under its own name."""
    directives: int = 0
    """The most at one field."""
    circular: bool = False
    """Whether a fragment holds itself."""
    guesses: int = 0
    """`aliases` of fields that look like a log-in."""


def shape(document: bytes, bytes_max: int = READ_BYTES_MAX) -> Shape:
    """Reads the document once, so many bytes of it; the work is linear in its length."""
    reader = _Reader()
    for token in _tokens(document[:bytes_max]):
        reader.take(token)
    reader.ended()
    found = reader.shape
    found.depth, found.circular = _expanded(reader.operations, reader.fragments)
    return found


def _tokens(document: bytes) -> Iterator[bytes]:
    brackets = 0
    for match in _TOKEN.finditer(document):
        token = match[0]
        if token == b"(":
            brackets += 1
        elif token == b")":
            brackets = max(0, brackets - 1)
        elif not brackets and token[:1] not in b'"#':
            yield token


class _Reader:
    """Takes the tokens of a document outside of brackets, one after the other."""

    def __init__(self) -> None:
        self.shape = Shape()
        self.operations: list[_Definition] = []
        self.fragments: dict[bytes, _Definition] = {}
        self._at: _Definition | None = None
        self._depth = 0
        # Of each open selection how many levels it added, and its fields: (name, aliased).
        self._open: list[tuple[int, Counter[tuple[bytes, bool]]]] = []
        self._owner = self._before = b""
        self._directives = 0

    def take(self, token: bytes) -> None:
        if token == b"{":
            self._opened()
        elif token == b"}":
            self._closed()
        elif token == b"@":
            self._directives += 1
            self.shape.directives = max(self.shape.directives, self._directives)
        elif self._open and token == b":":
            self._open[-1][1][self._owner, False] -= 1
        elif token == b"...":
            self._owner = token
        elif token != b":":
            self._name(token)
        self._before = token

    def ended(self) -> None:
        """What is still open closes with the document."""
        while self._open:
            self._closed()

    def _name(self, name: bytes) -> None:
        if self._before == b"@" or (self._before == b"on" and self._owner == b"..."):
            return
        if not self._open:
            if self._before == b"fragment":
                self._at = self.fragments.setdefault(name, _Definition())
            return
        if self._before == b"...":
            if name != b"on" and self._at is not None:
                self._at.spreads.append((self._depth, name))
                self._open[-1][1][b"...", True] += 1
            return
        self._owner, self._directives = name, 0
        self._open[-1][1][name, self._before == b":"] += 1

    def _opened(self) -> None:
        if not self._open and self._at is None:
            self._at = _Definition()
            self.operations.append(self._at)
        is_level = self._open and self._before != b"..." and self._owner not in (b"...", *WRAPPERS)
        added = 1 if is_level or not self._open else 0
        self._depth += added
        assert self._at is not None, "a selection belongs to a definition"
        self._at.depth = max(self._at.depth, self._depth)
        # An inline fragment's fields are those of the selection that it stands in.
        inline = self._open and (self._before == b"..." or self._owner == b"...")
        self._open.append((added, self._open[-1][1] if inline else Counter()))
        self._directives = 0

    def _closed(self) -> None:
        if not self._open:
            return
        added, fields = self._open.pop()
        self._depth -= added
        if not self._open or self._open[-1][1] is not fields:
            self._counted(fields)
        if not self._open:
            self._at = None

    def _counted(self, fields: Counter[tuple[bytes, bool]]) -> None:
        shape = self.shape
        for (name, aliased), count in fields.items():
            if not aliased:
                shape.repeats = max(shape.repeats, count)
                continue
            shape.aliases = max(shape.aliases, count)
            if LOGIN.search(name):
                shape.guesses = max(shape.guesses, count)


def _expanded(
    operations: list[_Definition], fragments: dict[bytes, _Definition]
) -> tuple[int, bool]:
    """The depth with fragments put in, and whether one holds itself; its rounds count once."""
    inside: list[bytes] = []
    circular = False

    @cache
    def depth(name: bytes) -> int:
        nonlocal circular
        if name in inside:
            circular = True
            return 0
        if name not in fragments or len(inside) >= FRAGMENTS_MAX:
            return 0
        inside.append(name)
        found = below(fragments[name])
        inside.pop()
        return found

    def below(one: _Definition) -> int:
        deeper = (at - 1 + depth(name) for at, name in one.spreads)
        return max(one.depth, max(deeper, default=0))

    depths = [*map(depth, fragments), *map(below, operations)]
    return max(depths, default=0), circular
