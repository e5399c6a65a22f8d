"""What is known of one operation: counts that can be added.

In:     requests and their answers, or what others counted.
Out:    the sum, as JSON for sightings and state rows.
Keeps:  counts by name, never a value.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from services.discovery.bounded import add, add_all, keep
from services.discovery.shape import Shape, outlined

# Parameters of one operation, over all places. Real ones rarely have thirty.
PARAMETERS_MAX = 128
# Media types of requests; pairs of status and media type of responses.
REQUEST_TYPES_MAX = 8
RESPONSE_TYPES_MAX = 24
# Fields that clients select (GraphQL), by path.
FIELDS_MAX = 256
# Parts of an operation whose times are kept: parameters, bodies, authentication, statuses.
SEEN_MAX = 256
# Runs of days with requests. An operation that rests more often than this is used by chance.
RUNS_MAX = 64
DAY_US = 86_400_000_000
# Kinds of authentication and protocols are closed lists: no limit is needed.

Dump = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Span:
    """How often something was, from when to when; microseconds of packet time."""

    count: int
    first_us: int
    last_us: int


class Part:
    """A parameter or body: how often it came, and what it looked like."""

    __slots__ = ("count", "shape")

    def __init__(self, count: int = 0, shape: Shape | None = None) -> None:
        self.count = count
        self.shape = shape or Shape()

    def add(self, outline: str, count: int) -> None:
        """Count what looks the same; an empty outline: its structure was not seen."""
        self.count += count
        if outline:
            self.shape.merge(outlined(outline), count)

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
        "answered", "application", "auth", "auth_of_successes", "bodies", "count", "days", "fields",
        "first_success_us", "first_us", "last_success_us", "last_us", "overflow", "parameters",
        "protocols", "responses", "seen", "statuses", "successes",
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
        self.fields: dict[str, int] = {}
        """What successful requests selected of the answer, by path."""
        self.seen: dict[str, tuple[int, int]] = {}
        """First and last time of a part, as in Endpoint."""
        self.days: list[tuple[int, int]] = []
        """Runs of days since 1970 with requests: first and last of each, in order."""
        self.overflow: set[str] = set()
        """Names of limits that were reached."""

    def request(self, span: Span, application: str) -> None:
        """Count requests."""
        self.first_us = min(self.first_us, span.first_us) if self.count else span.first_us
        self.last_us = max(self.last_us, span.last_us)
        self.count += span.count
        self.days = runs([*self.days, (span.first_us // DAY_US, span.last_us // DAY_US)])
        self._label(application)

    def answer(self, span: Span, status: int, *, success: bool) -> None:
        """Count answers to requests of these times."""
        self.answered += span.count
        add(self.statuses, str(status), span.count)
        if success:
            first_us = self.first_success_us if self.successes else span.first_us
            self.first_success_us = min(first_us, span.first_us)
            self.last_success_us = max(self.last_success_us, span.last_us)
            self.successes += span.count

    def parameter(self, name: str, outline: str, count: int) -> None:
        """Count values at this place and of this name that look the same."""
        self._part(self.parameters, name, PARAMETERS_MAX, "parameters").add(outline, count)

    def body(self, media_type: str, outline: str, count: int) -> None:
        """Count request bodies of this type."""
        self._part(self.bodies, media_type, REQUEST_TYPES_MAX, "request_types").add(outline, count)

    def response(self, status: int, media_type: str, outline: str, count: int) -> None:
        """Count responses of this status and type."""
        name = f"{status} {media_type}"
        part = self._part(self.responses, name, RESPONSE_TYPES_MAX, "response_types")
        part.add(outline, count)

    def select(self, names: Iterable[str], count: int) -> None:
        """Count fields that were selected."""
        for name in names:
            add(self.fields, name, count)
        if keep(self.fields, FIELDS_MAX):
            self.overflow.add("fields")

    def meet(self, part: str, span: Span) -> None:
        """A part of the operation was seen in these times."""
        self._meet(part, span.first_us, span.last_us)
        if keep(self.seen, SEEN_MAX):
            self.overflow.add("seen")

    def _meet(self, part: str, first_us: int, last_us: int) -> None:
        first, last = self.seen.get(part, (first_us, last_us))
        self.seen[part] = min(first, first_us), max(last, last_us)

    def _part(self, parts: dict[str, Part], name: str, limit: int, overflow: str) -> Part:
        found = parts.get(name)
        if found is None:
            found = parts[name] = Part()
            if keep(parts, limit):
                self.overflow.add(overflow)
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
        self.days = runs([*self.days, *other.days])
        for part, (first_us, last_us) in other.seen.items():
            self._meet(part, first_us, last_us)
        if keep(self.seen, SEEN_MAX):
            self.overflow.add("seen")
        if other.fields:
            add_all(self.fields, other.fields)
            if keep(self.fields, FIELDS_MAX):
                self.overflow.add("fields")
        self._merge_parts(self.parameters, other.parameters, PARAMETERS_MAX, "parameters")
        self._merge_parts(self.bodies, other.bodies, REQUEST_TYPES_MAX, "request_types")
        self._merge_parts(self.responses, other.responses, RESPONSE_TYPES_MAX, "response_types")

    def _date(self) -> None:
        """An older release kept no times of parts: all were there as long as the operation."""
        names = [name for name in self.parameters if not name.startswith("path ")]
        names += [f"body {kind}" for kind in self.bodies]
        names += [f"auth {kind}" for kind in self.auth_of_successes]
        names += [f"status {status}" for status in self.statuses]
        self.seen = dict.fromkeys(names, (self.first_us, self.last_us))
        keep(self.seen, SEEN_MAX)
        if self.count:
            self.days = [(self.first_us // DAY_US, self.last_us // DAY_US)]

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
        dump: Dump = {
            "t": [self.first_us, self.last_us, self.first_success_us, self.last_success_us],
            "n": [self.count, self.answered, self.successes],
            "a": self.application,
            "c": list(self.counts()),
            "p": {name: part.dump() for name, part in self.parameters.items()},
            "b": {name: part.dump() for name, part in self.bodies.items()},
            "r": {name: part.dump() for name, part in self.responses.items()},
            "o": sorted(self.overflow),
            "s": self.seen,
            "d": self.days,
        }
        if self.fields:
            dump["f"] = self.fields
        return dump

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
        operation.fields = dump.get("f", {})
        if "s" in dump:
            operation.seen = {part: (first, last) for part, (first, last) in dump["s"].items()}
            operation.days = [(first, last) for first, last in dump["d"]]
        else:
            operation._date()
        return operation


def runs(days: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Runs of days, those that meet as one. Of too many the oldest are one, as if without gaps."""
    if len(days) == 2 and days[0] == days[1]:
        return days[:1]
    joined: list[tuple[int, int]] = []
    for first, last in sorted(days):
        if joined and first <= joined[-1][1] + 1:
            joined[-1] = joined[-1][0], max(joined[-1][1], last)
        else:
            joined.append((first, last))
    if len(joined) > RUNS_MAX:
        old = joined[: len(joined) - RUNS_MAX + 1]
        joined[: len(old)] = [(old[0][0], old[-1][1])]
    return joined
