"""Maps that cannot grow without end, and are the same in whatever order they grew.

Of too many names those with the smallest hashes stay. Whoever is pushed out is pushed out by
names that stay for ever, so it cannot come back with a part of its count: what is kept is
counted exactly, and the result is a function of the set of names alone. Which of them stay is
arbitrary; that some went is for the owner of the map to say.
"""

from typing import TypeVar
from zlib import crc32

V = TypeVar("V")


def rank(name: str) -> tuple[int, str]:
    """Arbitrary, but the same everywhere."""
    return crc32(name.encode("utf-8", "surrogatepass")), name


def keep(names: dict[str, V], limit: int) -> bool:
    """Bring a map down to its limit. True: something went."""
    if len(names) <= limit:
        return False
    for name in sorted(names, key=rank)[limit:]:
        del names[name]
    return True


def add(counts: dict[str, int], name: str, count: int = 1) -> None:
    """Count a name."""
    counts[name] = counts.get(name, 0) + count


def add_all(counts: dict[str, int], others: dict[str, int]) -> None:
    """Count all that another map counted."""
    for name, count in others.items():
        counts[name] = counts.get(name, 0) + count
