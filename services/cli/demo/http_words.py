"""What goes over the demo's wire, apart from how it gets there."""

from dataclasses import dataclass

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Call:
    """One request that a visitor makes. `target` is percent-encoded as it is sent."""

    client: str
    method: str
    target: str
    headers: Headers = ()
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the shop says to it."""

    status: int
    headers: Headers
    body: bytes
