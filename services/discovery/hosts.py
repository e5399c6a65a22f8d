"""The operations of one host, within its limits.

In:     templates as sightings name them.
Out:    under which template each is kept.
Keeps:  the templates, the names under each prefix, which prefixes have too many.

The number of rows is bounded by making templates coarser, never by forgetting: a prefix with too
many names under it has values there. Beyond the limit of a host the bound on names is halved. So
every successful exchange stays counted, under a template that may be too wide.
"""

from collections.abc import Iterable
from typing import NamedTuple

from services.discovery.bounded import rank
from services.discovery.segments import ending
from services.discovery.siblings import NAME, Segments, is_name, segments

# Names under one prefix. More than that nobody programmed; it is also what siblings.py looks at.
CHILDREN_MAX = 200
# Operations of a host that were used with success: some 3 KB each.
OPERATIONS_MAX = 2_000
# Operations that never worked. Those stay that answered otherwise than "not there", and of these
# those with the smallest hashes.
FAILING_MAX = 300
# Operations of a protocol (GraphQL, SOAP …) under one method and template. Clients may name those
# of GraphQL as they like; beyond this the names are values.
NAMED_MAX = 200
MISSING = frozenset(("404", "405", "410"))
# What scanners asked for in vain is one operation of a host and method: it is counted, but a
# thousand names of things that do not exist are no inventory.
NOT_THERE = "/{missing}"


class Name(NamedTuple):
    """What tells operations of a host apart; `operation`: inside the protocol, where it has any."""

    method: str
    template: str
    operation: str = ""

    def __str__(self) -> str:
        return " ".join(filter(None, self))


class Host:
    """The templates of one host."""

    def __init__(self, children_max: int = CHILDREN_MAX) -> None:
        self.children_max = children_max
        self.working: set[Name] = set()
        self.failing: dict[Name, bool] = {}
        """True: it never answered otherwise than that nothing is there."""
        self._children: dict[tuple[Segments, str], set[str]] = {}
        """Names by prefix and what they end in (.json, :cancel)."""
        self._wide: set[tuple[Segments, str]] = set()
        self._named: dict[tuple[str, str], set[str]] = {}
        """Operations by method and template."""
        self._many: set[tuple[str, str]] = set()

    @property
    def coarse(self) -> bool:
        """The host passed OPERATIONS_MAX."""
        return self.children_max < CHILDREN_MAX

    def restore(self, name: Name, *, works: bool, missing: bool) -> None:
        """Take over what was kept."""
        if works:
            self.working.add(name)
            self._learn(name)
        else:
            self.failing[name] = missing

    def placed(self, name: Name) -> Name:
        """The name with values instead of names where there are too many."""
        template = self._wider(name.template) if self._wide else name.template
        operation = name.operation
        if operation and (name.method, template) in self._many:
            operation = NAME
        return Name(name.method, template, operation)

    def _wider(self, template: str) -> str:
        labels = list(segments(template))
        for i, label in enumerate(labels):
            if is_name(label) and (tuple(labels[:i]), ending(label)) in self._wide:
                labels[i] = NAME + ending(label)
        return "/" + "/".join(labels)

    def works(self, name: Name) -> bool:
        """Take in a name that was used with success. True: templates became coarser."""
        if name in self.working:
            return False
        self.failing.pop(name, None)
        self.working.add(name)
        coarser = self._learn(name)
        if len(self.working) > OPERATIONS_MAX and self.children_max > 1:
            self.children_max //= 2
            coarser = True
        return coarser

    def fails(self, name: Name, *, missing: bool) -> Name | None:
        """Take in a name that was not; gives back the one that has no place any more."""
        self.failing[name] = missing and self.failing.get(name, True)
        if len(self.failing) <= FAILING_MAX:
            return None
        named = (one for one in self.failing if one.template != NOT_THERE)
        last = max(named, key=lambda one: (self.failing[one], rank(str(one))))
        del self.failing[last]
        return last

    def forget(self, name: Name) -> None:
        """Its row is gone."""
        self.working.discard(name)
        self.failing.pop(name, None)

    def settle(self) -> list[tuple[Name, Name]]:
        """After templates became coarser: which names moved where."""
        before = [*sorted(self.working), *sorted(self.failing)]
        coarser = True
        while coarser:
            self.working = {self.placed(name) for name in self.working}
            self._children, self._named = {}, {}
            learned = [self._learn(name) for name in sorted(self.working)]
            coarser = any(learned)
        failing, self.failing = self.failing, {}
        for name, missing in failing.items():
            moved = self.placed(name)
            if moved not in self.working:
                self.failing[moved] = missing and self.failing.get(moved, True)
        return [(name, self.placed(name)) for name in before if self.placed(name) != name]

    def _learn(self, name: Name) -> bool:
        """Count the names under each prefix. True: one of them has too many now."""
        labels = segments(name.template)
        wider = bool(name.operation) and self._learn_operation(name)
        for i, label in enumerate(labels):
            if label.startswith(NAME):
                place = labels[:i], label.removeprefix(NAME)
                wider = wider or place not in self._wide
                self._wide.add(place)
            elif is_name(label) and (place := (labels[:i], ending(label))) not in self._wide:
                names = self._children.setdefault(place, set())
                names.add(label)
                if len(names) > self.children_max:
                    self._wide.add(place)
                    wider = True
        return wider

    def _learn_operation(self, name: Name) -> bool:
        at = name.method, name.template
        if at in self._many:
            return False
        names = self._named.setdefault(at, set())
        names.add(name.operation)
        if name.operation != NAME and len(names) <= NAMED_MAX:
            return False
        self._many.add(at)
        return True


def never_there(statuses: Iterable[str]) -> bool:
    """Whether all answers, and there were some, said that nothing is there."""
    seen = set(statuses)
    return bool(seen) and seen <= MISSING
