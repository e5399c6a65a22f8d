"""Names in one place that are values, because what lies below them is alike.

In:     by name, its operations with outlines of their answers.
Out:    the names that are values.

A thing of which there are many is answered from one program: whatever its answer has, the answers
to others have too, if not each of them. A name that a programmer gave has fields of its own, or
operations of its own. So it is not the same outline that counts, which optional fields and rare
requests would break, but whether there is something that no other has.
"""

from collections import Counter
from collections.abc import Mapping, Set

from services.discovery.outline import EMPTY

Path = tuple[str, ...]
Operation = tuple[Path, str]
"""Path below the name, method."""
Answers = dict[Operation, frozenset[str]]
"""What operations look like (outline.py)."""

# Requests that name what they work on.
NAMING = ("PUT", "PATCH", "DELETE")
# What so many names have, and this share of all, is nothing of their own.
SHARED_MIN, SHARED_SHARE = 3, 0.1
# Of fewer answers it cannot be told what is their own, and what is optional and rare.
FAMILY_MIN = 8
# Of as many, what is optional is shared, too.
STEADY_MIN = 20
# So much of an answer must be shared, and it must have so much of what nearly all answers have:
# what less of them have may be optional.
FIT_SHARE, CORE_SHARE, CORE_MIN = 0.75, 0.5, 0.95


def alike(names: Mapping[str, Answers], least: int, *, verbs: bool) -> list[str]:
    """Names of values, where there are so many of them; in the order of the mapping.

    `verbs`: what is only sent with POST may be what is to be done, not what it is done to, and
    pages without a structure may have a program each. Behind .html and :cancel they are neither.
    """
    evidence = {name: _Evidence() for name in names}
    for operation, group in _by_operation(names).items():
        family = _Family(group)
        for name, outline in group.items():
            evidence[name].add(operation, outline, family, verbs=verbs)
    sure = {name for name, found in evidence.items() if found.is_sure}
    if len(sure) < least:
        return []
    paths = {path for name in sure for path, _ in names[name]}
    return [
        name for name in names if name in sure or evidence[name].is_likely(paths)
    ]  # fmt: skip


class _Evidence:
    """What one name's answers say for its being a value, and against."""

    def __init__(self) -> None:
        self.fits = self.misses = 0
        self.rare: list[tuple[Path, bool]] = []
        """Paths that too few others have, and whether their answers have a structure."""

    def add(
        self, operation: Operation, outline: frozenset[str], family: "_Family", *, verbs: bool
    ) -> None:
        """One more answer."""
        if family.size < FAMILY_MIN:
            self.rare.append((operation[0], is_structured(outline)))
        elif not family.has(outline):
            self.misses += 1
        elif not verbs or _proves(operation, outline):
            self.fits += 1

    @property
    def is_sure(self) -> bool:
        """Most of it is like others."""
        return self.fits > self.misses + len(self.rare)

    def is_likely(self, paths: set[Path]) -> bool:
        """Beside names that surely are values: nothing is unlike, and its paths are theirs."""
        known = all(
            (path in paths or path[:-1] in paths) and (path or not is_own)
            for path, is_own in self.rare
        )  # fmt: skip
        return not self.misses and known


def _proves(operation: Operation, outline: frozenset[str]) -> bool:
    """Whether an operation that is like those of others says that a name is a value."""
    path, method = operation
    if is_structured(outline):
        return bool(path) or method != "POST"
    # Without a structure: what has the same operations below it, unless that are things of a
    # collection each (/orders/{id}/stream, /events/{id}/stream), and what was put by name.
    return not path[0].startswith("{") if path else method in NAMING


def is_structured(outline: frozenset[str]) -> bool:
    """Whether there are more than media types in it."""
    return any(place[0] != "~" for place in outline)


def _by_operation(names: Mapping[str, Answers]) -> dict[Operation, dict[str, frozenset[str]]]:
    groups: dict[Operation, dict[str, frozenset[str]]] = {}
    for name, answers in names.items():
        for operation, outline in answers.items():
            groups.setdefault(operation, {})[name] = outline
    return groups


class _Family:
    """Answers of one operation to many names."""

    def __init__(self, group: Mapping[str, frozenset[str]]) -> None:
        self.size = len(group)
        counts = Counter(place for outline in group.values() for place in outline)
        least = max(SHARED_MIN, SHARED_SHARE * self.size)
        self._shared = {place for place, count in counts.items() if count >= least}
        self._core = {place for place, count in counts.items() if count >= CORE_MIN * self.size}

    def has(self, outline: frozenset[str]) -> bool:
        """Whether an operation is one of them: what it takes, and what it answers."""
        taken = {place for place in outline if place[0] == ">"}
        return self._has(taken, ">") and self._has(outline - taken, "")

    def _has(self, places: Set[str], lead: str) -> bool:
        if places <= {EMPTY}:
            return True
        own = places - self._shared - {EMPTY}
        if self.size < STEADY_MIN:
            # What is rare may be optional, and all below it.
            own = {p for p in own if parent(p) not in places or parent(p) in self._shared}
        shared = len(places & self._shared)
        core = {place for place in self._core if (place[0] == ">") == bool(lead)}
        return (
            shared >= FIT_SHARE * (shared + len(own))
            and len(places & core) >= CORE_SHARE * len(core)
        )  # fmt: skip


def parent(place: str) -> str:
    """a of a.b and of a[].b; empty at the root."""
    return place.rpartition(".")[0].removesuffix("[]")
