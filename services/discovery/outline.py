"""What the successful answers of an operation look like, for comparing them with others.

In:     the sums of an operation.
Out:    places in its bodies (a, a.b, a[].b), and media types of bodies without a structure.
"""

from collections.abc import Iterator
from zlib import crc32

from services.discovery.operation import Operation
from services.discovery.shape import Shape

# What lies deeper says no more about what kind of thing it is.
DEPTH_MAX = 4
# Of more places those with the smallest hashes: they are as good a sample as any.
PLACES_MAX = 64


def outline(operation: Operation) -> frozenset[str]:
    """Never empty for what was answered with success."""
    found: set[str] = set()
    for name, part in operation.responses.items():
        status, _, media_type = name.partition(" ")
        if not status.startswith("2"):
            continue
        places = set(_places(part.shape, "", DEPTH_MAX))
        found |= places or {f"~{media_type}"}
    if len(found) > PLACES_MAX:
        found = set(sorted(found, key=_hash)[:PLACES_MAX])
    return frozenset(found or ("~",))


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
