"""One session's walk through the objects of one operation, as it is worked on.

In:     requests for objects, in the order of the topic.
Out:    how many distinct ones in two windows, how often refused, how often by steps.
Keeps:  what the record ObjectWalk says; sets and numbers are changed in place, for every request
        that names an object comes here.
"""

from schemas.codec import decode_as, encode
from schemas.types import ObjectWalk
from services.browsing.distinct import LEAST_MAX, least, least_count, least_hashes

# A number within so few of the last is a step.
STEP_MAX = 3


class WalkInHand:
    """See above. `now` and `before` hold the least hashes of each window."""

    __slots__ = (
        "asked", "before", "last", "now", "reached", "refused", "since_s", "site", "steps",
        "top", "window",
    )  # fmt: skip

    def __init__(self, site: str, window: int, since_s: int) -> None:
        self.site, self.window, self.since_s = site, window, since_s
        self.now: set[int] = set()
        self.before: set[int] = set()
        self.top = 0
        self.asked = self.refused = self.steps = self.reached = 0
        self.last = -1

    def enter(self, window: int, seconds: int, at_s: int) -> None:
        """Go on to a later window; what was asked two windows ago is forgotten.

        Counts of the window before go by halves: they slide as the objects do.
        """
        if window <= self.window:
            return
        if window == self.window + 1:
            self.before = self.now
            self.since_s = max(self.since_s, (window - 1) * seconds)
            self.asked, self.refused = self.asked // 2, self.refused // 2
            self.steps //= 2
        else:
            self.before = set()
            self.since_s = at_s
            self.asked = self.refused = self.steps = 0
        self.window, self.now, self.top, self.reached = window, set(), 0, 0

    def ask(self, hashed: int, number: int, *, refused: bool) -> bool:
        """One request; whether the object is new in this window, as far as is kept."""
        self.asked += 1
        self.refused += refused
        if number >= 0 and self.last >= 0 and 0 < abs(number - self.last) <= STEP_MAX:
            self.steps += 1
        self.last = number
        return self._add(hashed)

    def _add(self, hashed: int) -> bool:
        now = self.now
        if hashed in now:
            return False
        if len(now) < LEAST_MAX:
            now.add(hashed)
            self.top = max(self.top, hashed)
            return True
        if hashed > self.top:
            return False
        now.discard(self.top)
        now.add(hashed)
        self.top = max(now)
        return True

    def objects(self) -> int:
        """Distinct ones of this window and the one before."""
        if not self.before and len(self.now) < LEAST_MAX:
            return len(self.now)
        return least_count(self.distinct())

    def distinct(self) -> bytes:
        """The least hashes of both windows."""
        return least(b"", *self.now, *self.before)


def stored(walk: WalkInHand) -> bytes:
    """As a state row."""
    return encode(
        ObjectWalk(
            site=walk.site,
            window=walk.window,
            now=least(b"", *walk.now),
            before=least(b"", *walk.before),
            since_s=walk.since_s,
            asked=walk.asked,
            refused=walk.refused,
            last=walk.last,
            steps=walk.steps,
            reached=walk.reached,
        )
    )


def restored(row: bytes) -> WalkInHand:
    """From a state row."""
    kept = decode_as(ObjectWalk, row)
    walk = WalkInHand(kept.site, kept.window, kept.since_s)
    walk.now, walk.before = set(least_hashes(kept.now)), set(least_hashes(kept.before))
    walk.top = max(walk.now, default=0)
    walk.asked, walk.refused, walk.last = kept.asked, kept.refused, kept.last
    walk.steps, walk.reached = kept.steps, kept.reached
    return walk
