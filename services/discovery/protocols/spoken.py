"""What every protocol here says of a request."""

import re
from dataclasses import dataclass
from typing import Any

import orjson

from services.discovery.segments import typed

# A batch asks for more than one thing; beyond this it is an attack, and counts as its first ones.
BATCH_MAX = 16
NAME_CHARACTERS_MAX = 96
NAME = re.compile(r"[A-Za-z_$][\w.:/$-]*")


@dataclass(frozen=True, slots=True)
class Spoken:
    """A protocol, and the operations of it that one request asks for."""

    protocol: str
    operations: tuple[str, ...] = ("",)
    """Names inside the protocol; one that is empty: it has none, or none that can be told."""
    fields: tuple[str, ...] = ()
    """What was selected of the answer, where the protocol lets clients select (GraphQL)."""


def plausible(name: object) -> str:
    """The name where a programmer may have given it; empty: it is a value, or an attack."""
    if not isinstance(name, str) or len(name) > NAME_CHARACTERS_MAX:
        return ""
    return name if NAME.fullmatch(name) and not typed(name) else ""


def members(data: bytes) -> list[Any] | None:
    """What a body of JSON holds: each of a batch, else one; None: it is no JSON."""
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError:
        return None
    return value if isinstance(value, list) else [value]
