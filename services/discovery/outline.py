"""What an operation looks like where it works, for comparing it with others.

In:     the sums of an operation.
Out:    places in the bodies of its answers (a, a.b, a[].b) and of requests (>a.b); media types of
        answers without a structure (~text/html).
"""

from collections.abc import Iterator
from zlib import crc32

from services.discovery.operation import Operation
from services.discovery.shape import Shape

# JSON with nothing in it: no rows today, or nothing of what is optional.
EMPTY = "~json"
# What lies deeper says no more about what kind of thing it is.
DEPTH_MAX = 4
# Of more places those with the smallest hashes: they are as good a sample as any.
PLACES_MAX = 64


def outline(operation: Operation) -> frozenset[str]:
    """Never empty: without a body there is ~."""
    found: set[str] = set()
    for name, part in operation.responses.items():
        status, _, media_type = name.partition(" ")
        if not status.startswith("2"):
            continue
        places = set(_places(part.shape, "", DEPTH_MAX))
        found |= places or {EMPTY if media_type.endswith("json") else f"~{media_type}"}
    found = found or {"~"}
    for part in operation.bodies.values():
        found.update(f">{place}" for place in _places(part.shape, "", DEPTH_MAX))
    if len(found) > PLACES_MAX:
        found = set(sorted(found, key=_hash)[:PLACES_MAX])
    return frozenset(found)


def _places(shape: Shape, path: str, depth: int) -> Iterator[str]:
    if depth == 0:
        return
    for name, inner in shape.properties.items():
        yield f"{path}{name}"
        yield from _places(inner, f"{path}{name}.", depth - 1)
    if shape.other is not None:
        yield f"{path}*"
        yield from _places(shape.other, f"{path}*.", depth - 1)
    if shape.items is not None:
        yield from _places(shape.items, f"{path}[]", depth - 1)


def _hash(place: str) -> tuple[int, str]:
    return crc32(place.encode("utf-8", "surrogatepass")), place
