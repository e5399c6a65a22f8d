"""What is known of one operation: counts that can be added.

In:     requests and their answers, or what others counted.
Out:    the sum, as JSON for sightings and state rows.
Keeps:  counts by name, never a value.
"""

from typing import Any

from services.discovery.bounded import add, add_all, keep
from services.discovery.shape import Shape

# Parameters of one operation, over all places. Real ones rarely have thirty.
PARAMETERS_MAX = 128
# Media types of requests; pairs of status and media type of responses.
REQUEST_TYPES_MAX = 8
RESPONSE_TYPES_MAX = 24
# Kinds of authentication and protocols are closed lists: no limit is needed.

Dump = dict[str, Any]


class Part:
    """A parameter or body: how often it came, and what it looked like."""

    __slots__ = ("count", "shape")

    def __init__(self, count: int = 0, shape: Shape | None = None) -> None:
        self.count = count
        self.shape = shape or Shape()

    def merge(self, other: "Part") -> None:
        """Add what another counted."""
        self.count += other.count
        self.shape.merge(other.shape)

    def dump(self) -> list[Any]:
        """As JSON."""
        self.shape.bound()
        return [self.count, self.shape.dump()]

    @classmethod
    def load(cls, dump: list[Any]) -> "Part":
        """The reverse."""
        return cls(dump[0], Shape.load(dump[1]))


class Operation:
    """One method on one path template of one host."""

    __slots__ = (
        "answered", "application", "auth", "auth_of_successes", "bodies", "count",
        "first_success_us", "first_us", "last_success_us", "last_us", "overflow", "parameters",
        "protocols", "responses", "statuses", "successes",
    )  # fmt: skip

    def __init__(self) -> None:
        self.count = 0
        self.first_us = 0
        self.last_us = 0
        self.answered = 0
        self.successes = 0
        self.first_success_us = 0
        self.last_success_us = 0
        self.application = ""
        """Of several labels the first in the alphabet."""
        self.protocols: dict[str, int] = {}
        self.statuses: dict[str, int] = {}
        self.auth: dict[str, int] = {}
        """Kinds of authentication among answered requests."""
        self.auth_of_successes: dict[str, int] = {}
        self.parameters: dict[str, Part] = {}
        """By "place name"; for a path the index of its segment. Of successful requests."""
        self.bodies: dict[str, Part] = {}
        """Request bodies of successful requests by media type."""
        self.responses: dict[str, Part] = {}
        """By "status mediatype"."""
        self.overflow: set[str] = set()
        """Names of limits that were reached."""

    def request(self, at_us: int, application: str) -> None:
        """Count a request."""
        self.first_us = min(self.first_us, at_us) if self.count else at_us
        self.last_us = max(self.last_us, at_us)
        self.count += 1
        self._label(application)

    def answer(self, at_us: int, status: int, *, success: bool) -> None:
        """Count the answer to a request of this time."""
        self.answered += 1
        add(self.statuses, str(status))
        if success:
            earlier = min(self.first_success_us, at_us) if self.successes else at_us
            self.first_success_us = earlier
            self.last_success_us = max(self.last_success_us, at_us)
            self.successes += 1

    def parameter(self, name: str) -> Part:
        """The parameter of this place and name."""
        return self._part(self.parameters, name, PARAMETERS_MAX, "parameters")

    def body(self, media_type: str) -> Part:
        """Request bodies of this type."""
        return self._part(self.bodies, media_type, REQUEST_TYPES_MAX, "request_types")

    def response(self, status: int, media_type: str) -> Part:
        """Responses of this status and type."""
        name = f"{status} {media_type}"
        return self._part(self.responses, name, RESPONSE_TYPES_MAX, "response_types")

    def _part(self, parts: dict[str, Part], name: str, limit: int, overflow: str) -> Part:
        found = parts.get(name)
        if found is None:
            found = parts[name] = Part()
            if keep(parts, limit):
                self.overflow.add(overflow)
        found.count += 1
        return found

    def _label(self, application: str) -> None:
        if application and not (self.application and self.application < application):
            self.application = application

    def merge(self, other: "Operation") -> None:
        """Add all that another counted: in any order the same."""
        if other.count:
            self.first_us = min(self.first_us, other.first_us) if self.count else other.first_us
            self.last_us = max(self.last_us, other.last_us)
        if other.successes:
            first = other.first_success_us
            self.first_success_us = min(self.first_success_us, first) if self.successes else first
            self.last_success_us = max(self.last_success_us, other.last_success_us)
        self.count += other.count
        self.answered += other.answered
        self.successes += other.successes
        self._label(other.application)
        for mine, theirs in zip(self.counts(), other.counts(), strict=True):
            add_all(mine, theirs)
        self.overflow |= other.overflow
        self._merge_parts(self.parameters, other.parameters, PARAMETERS_MAX, "parameters")
        self._merge_parts(self.bodies, other.bodies, REQUEST_TYPES_MAX, "request_types")
        self._merge_parts(self.responses, other.responses, RESPONSE_TYPES_MAX, "response_types")

    def counts(self) -> tuple[dict[str, int], ...]:
        """All maps of counts."""
        return self.protocols, self.statuses, self.auth, self.auth_of_successes

    def _merge_parts(
        self, mine: dict[str, Part], theirs: dict[str, Part], limit: int, overflow: str
    ) -> None:
        for name, part in theirs.items():
            mine.setdefault(name, Part()).merge(part)
        if keep(mine, limit):
            self.overflow.add(overflow)

    def dump(self) -> Dump:
        """As JSON: times, counts, counts by name, parts by name, limits."""
        return {
            "t": [self.first_us, self.last_us, self.first_success_us, self.last_success_us],
            "n": [self.count, self.answered, self.successes],
            "a": self.application,
            "c": list(self.counts()),
            "p": {name: part.dump() for name, part in self.parameters.items()},
            "b": {name: part.dump() for name, part in self.bodies.items()},
            "r": {name: part.dump() for name, part in self.responses.items()},
            "o": sorted(self.overflow),
        }

    @classmethod
    def load(cls, dump: Dump) -> "Operation":
        """The reverse."""
        operation = cls()
        (
            operation.first_us, operation.last_us,
            operation.first_success_us, operation.last_success_us,
        ) = dump["t"]  # fmt: skip
        operation.count, operation.answered, operation.successes = dump["n"]
        operation.application = dump["a"]
        (
            operation.protocols, operation.statuses,
            operation.auth, operation.auth_of_successes,
        ) = dump["c"]  # fmt: skip
        operation.parameters = {name: Part.load(part) for name, part in dump["p"].items()}
        operation.bodies = {name: Part.load(part) for name, part in dump["b"].items()}
        operation.responses = {name: Part.load(part) for name, part in dump["r"].items()}
        operation.overflow = set(dump["o"])
        return operation
