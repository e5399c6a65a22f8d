"""Rate limits over what was recorded: those that people said, and those that traffic proposes.

In:     exchanges in any order, with whether each is good; limits; what whose requests have in
        common.
Out:    for each limit how much it would have refused; for each operation a limit that good
        requests hardly reach, with the share of them that it would refuse all the same.
Keeps:  the times of requests by limit and key, counts by operation, key and minute; bounded.

A proposal is a number of requests a minute, learned from the minutes in which anybody asked: the
least of which good requests stay under, but for a share. A bucket of that many tokens lets more
through than a fixed minute, so the share is an upper bound.
"""

from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from schemas.types import LimitLevel
from services.browsing.rate_limit import RateLimit

MINUTE_US = 60_000_000
OPERATIONS_MAX = 2_000
# Operations, keys and minutes: some 120 bytes each.
CELLS_MAX = 2_000_000
# Times of requests under limits, eight bytes each and a bit for good.
TIMES_MAX = 20_000_000
# From fewer people nothing is learned.
KEYS_MIN = 20
# Good requests that a proposal may refuse: one in a thousand.
SHARE = 0.001


@dataclass(frozen=True, slots=True)
class Asked:
    """One request, as far as limits are concerned."""

    site: str
    host: str
    path: str
    operation: str
    at_us: int
    good: bool
    named: Callable[[str], bytes | None]
    """Whose request it is, by the name of the key; None: nobody's, so no limit counts it."""


@dataclass(slots=True)
class Trial:
    """What one limit would have done."""

    limit: RateLimit
    requests: int = 0
    good: int = 0
    refused: int = 0
    refused_good: int = 0
    waited: int = 0
    keys: int = 0
    """Whose requests would have been refused."""

    def form(self) -> dict[str, object]:
        """As JSON."""
        return {
            "kind": "limit", "id": self.limit.id, "host": self.limit.host, "path": self.limit.path,
            "limit": str(self.limit), "requests": self.requests, "would_refuse": self.refused,
            "would_delay": self.waited, "good": self.good, "would_refuse_good": self.refused_good,
            "keys": self.keys,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Proposal:
    """A limit for one operation, from what good clients do in a minute."""

    site: str
    host: str
    operation: str
    per_minute: int
    keys: int
    half: int
    most: int
    """Requests a minute of the middle one, and the most of any."""
    good: int
    refused_good: int
    others: int
    refused_others: int
    """Requests of those on the shadow denylist."""

    def form(self) -> dict[str, object]:
        """As JSON."""
        return {
            "kind": "proposal", "site": self.site, "host": self.host, "operation": self.operation,
            "requests": self.per_minute, "seconds": 60, "keys": self.keys, "p50": self.half,
            "max": self.most, "good": self.good, "would_refuse_good": self.refused_good,
            "share": round(self.refused_good / self.good, 6), "not_good": self.others,
            "would_refuse_not_good": self.refused_others,
        }  # fmt: skip


@dataclass(slots=True)
class _Times:
    at_us: "array[int]" = field(default_factory=lambda: array("q"))
    good: bytearray = field(default_factory=bytearray)


Cell = tuple[tuple[str, str, str], bytes, int, bool]
"""Operation at site and host, key, minute, good."""


class LimitTrial:
    """See above; `by` is the key of proposals."""

    def __init__(self, limits: Sequence[RateLimit], by: str) -> None:
        self.left_out = 0
        """Requests beyond the bounds."""
        self._limits = limits
        self._by = by
        self._times: dict[tuple[int, str, bytes], _Times] = {}
        self._time_count = 0
        self._cells: Counter[Cell] = Counter()
        self._operations: set[tuple[str, str, str]] = set()

    def asked(self, one: Asked) -> None:
        """Take in one request."""
        for number, limit in enumerate(self._limits):
            if limit.covers(one.site, one.host, one.path):
                named = one.named(limit.key)
                if named is not None:
                    self._time((number, one.site, named), one)
        named = one.named(self._by)
        if named is not None:
            self._count(named, one)

    def trials(self) -> list[Trial]:
        """One for each limit, in the order in which they were given."""
        made = [Trial(limit) for limit in self._limits]
        for (number, site, _), times in sorted(self._times.items()):
            _tried(made[number], site, times)
        return made

    def proposals(self, share: float = SHARE) -> list[Proposal]:
        """For each operation that enough people used, the busiest first."""
        by_operation: dict[tuple[str, str, str], list[tuple[Cell, int]]] = {}
        for cell, count in self._cells.items():
            by_operation.setdefault(cell[0], []).append((cell, count))
        made = [_proposed(place, cells, share) for place, cells in by_operation.items()]
        found = [one for one in made if one is not None]
        return sorted(found, key=lambda one: (-one.good, one.site, one.host, one.operation))

    def _time(self, key: tuple[int, str, bytes], one: Asked) -> None:
        if self._time_count >= TIMES_MAX:
            self.left_out += 1
            return
        self._time_count += 1
        times = self._times.setdefault(key, _Times())
        times.at_us.append(one.at_us)
        times.good.append(one.good)

    def _count(self, named: bytes, one: Asked) -> None:
        place = (one.site, one.host, one.operation)
        cell = (place, named, one.at_us // MINUTE_US, one.good)
        new = place not in self._operations and len(self._operations) >= OPERATIONS_MAX
        if new or (cell not in self._cells and len(self._cells) >= CELLS_MAX):
            self.left_out += 1
            return
        self._operations.add(place)
        self._cells[cell] += 1


def _tried(trial: Trial, site: str, times: _Times) -> None:
    """One key's requests through a bucket of its own, in order of time."""
    level: LimitLevel | None = None
    refused = 0
    for at_us, good in sorted(zip(times.at_us, times.good, strict=True)):
        level, became = trial.limit.asked(level, site, at_us)
        trial.requests += 1
        trial.good += good
        trial.waited += became == "waited"
        if became == "refused":
            refused += 1
            trial.refused_good += good
    trial.refused += refused
    trial.keys += refused > 0


def _proposed(
    place: tuple[str, str, str], cells: Iterable[tuple[Cell, int]], share: float
) -> Proposal | None:
    good: Counter[int] = Counter()
    others: Counter[int] = Counter()
    keys = set()
    for (_, named, _, is_good), count in cells:
        (good if is_good else others)[count] += 1
        if is_good:
            keys.add(named)
    total = sum(count * minutes for count, minutes in good.items())
    if len(keys) < KEYS_MIN:
        return None
    limit = least_limit(good, share)
    return Proposal(
        *place, per_minute=limit, keys=len(keys), half=_middle(good), most=max(good), good=total,
        refused_good=refused_by(limit, good), others=sum(n * m for n, m in others.items()),
        refused_others=refused_by(limit, others),
    )  # fmt: skip


def refused_by(limit: int, minutes: Counter[int]) -> int:
    """Requests beyond a limit, from how many minutes had how many requests."""
    return sum((count - limit) * times for count, times in minutes.items() if count > limit)


def least_limit(minutes: Counter[int], share: float) -> int:
    """The least limit that refuses at most this share of the requests."""
    allowed = share * sum(count * times for count, times in minutes.items())
    low, high = 1, max(minutes)
    while low < high:
        middle = (low + high) // 2
        if refused_by(middle, minutes) <= allowed:
            high = middle
        else:
            low = middle + 1
    return low


def _middle(minutes: Counter[int]) -> int:
    half, seen = (minutes.total() + 1) // 2, 0
    for count in sorted(minutes):
        seen += minutes[count]
        if seen >= half:
            break
    return count
