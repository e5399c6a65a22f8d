"""The truth about one operation: what its traffic is made from."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.apis.values import KINDS, Dice

# How often what is optional is there, what may be null is null.
OPTIONAL_SHARE, NULL_SHARE = 0.5, 0.3
ROWS_MAX = 4


@dataclass(frozen=True, slots=True)
class Field:
    """A parameter or property.

    `kind` is one of KINDS or object, list, map (names are values), either (integer or text);
    `below`: properties of an object or of a map's values; of a list the one field that its items
    are like.
    """

    name: str
    kind: str
    required: bool = True
    nullable: bool = False
    below: tuple["Field", ...] = ()


@dataclass(slots=True, kw_only=True)
class Made:
    """An operation as it is."""

    host: str
    method: str
    template: str
    """With {id}, {uuid} … as the inventory writes it, not numbered."""
    auth: str
    protocol: str = "rest"
    operation: str = ""
    query: Sequence[Field] = ()
    headers: Sequence[Field] = ()
    sent: Sequence[Field] = ()
    media: str = "json"
    """Of what is sent: json, form, xml, multipart, soap, grpc."""
    got: Sequence[Field] = ()
    listed: bool = False
    """The answer is an array of `got`."""
    selected: frozenset[str] = field(default_factory=frozenset)
    """Fields of GraphQL by path."""
    role: str = ""
    """shadow, zombie, orphan where that was planted."""

    @property
    def key(self) -> tuple[str, str, str, str]:
        """Host, method, template, operation."""
        return self.host, self.method, self.template, self.operation


Types = frozenset[str]
Place = tuple[str, Types, str, bool | None]
"""Path, JSON types, format, whether it is required; None: the question makes no sense there."""


def value(dice: Dice, field: Field) -> Any:
    """A value for a field that is there."""
    if field.nullable and dice.random() < NULL_SHARE:
        return None
    if field.kind == "object":
        return values(dice, field.below)
    if field.kind == "list":
        return [value(dice, field.below[0]) for _ in range(dice.randrange(1, ROWS_MAX))]
    if field.kind == "map":
        rows = range(dice.randrange(1, ROWS_MAX))
        return {KINDS["uuid"].make(dice): values(dice, field.below) for _ in rows}
    if field.kind == "either":
        return KINDS[dice.choice(("integer", "word"))].make(dice)
    return KINDS[field.kind].make(dice)


def values(dice: Dice, fields: Sequence[Field]) -> dict[str, Any]:
    """An object of these fields."""
    return {
        f.name: value(dice, f) for f in fields if f.required or dice.random() < OPTIONAL_SHARE
    }  # fmt: skip


def places(fields: Sequence[Field], path: str, *, texts: bool = False) -> Iterator[Place]:
    """Every place below one; `texts`: bodies in which everything is written as text."""
    for one in fields:
        yield from _place(one, f"{path}.{one.name}", one.required, texts)


def _place(one: Field, path: str, required: bool | None, texts: bool) -> Iterator[Place]:
    null = {"null"} if one.nullable else set()
    if one.kind == "object":
        yield path, frozenset({"object", *null}), "", required
        yield from places(one.below, path, texts=texts)
    elif one.kind == "list":
        yield path, frozenset({"array", *null}), "", required
        yield from _place(one.below[0], f"{path}[]", None, texts)
    elif one.kind == "map":
        yield path, frozenset({"object", *null}), "", required
        yield f"{path}.*", frozenset({"object"}), "", None
        yield from places(one.below, f"{path}.*", texts=texts)
    elif one.kind == "either":
        types = {"string"} if texts else {"integer", "string"}
        yield path, frozenset({*types, *null}), "", required
    else:
        kind = KINDS[one.kind]
        # Digits of which nothing says that they are a text.
        type_ = "integer" if texts and one.kind == "card" else kind.type
        yield path, frozenset({type_, *null}), kind.format, required


def sensitive(fields: Sequence[Field], path: str) -> Iterator[tuple[str, str]]:
    """Places with their kinds of sensitive data."""
    for one in fields:
        here = f"{path}.{one.name}"
        if one.kind in KINDS:
            if KINDS[one.kind].sensitive:
                yield here, KINDS[one.kind].sensitive
        elif one.kind == "list":
            item = one.below[0]
            if item.kind == "object":
                yield from sensitive(item.below, f"{here}[]")
            elif item.kind in KINDS and KINDS[item.kind].sensitive:
                yield f"{here}[]", KINDS[item.kind].sensitive
        else:
            yield from sensitive(one.below, f"{here}.*" if one.kind == "map" else here)
