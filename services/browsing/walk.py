"""One client's walk: what it missed, against what it found, in two sliding windows.

In:     answered requests of one client, in the order of the topic.
Out:    a verdict when there are too many distinct missing paths.
Keeps:  one Walk per client, from its first miss on; a client that misses nothing costs nothing.
"""

from dataclasses import dataclass, replace

from schemas.types import Miss, Tally, Walk
from services.browsing.distinct import EMPTY_BITMAP, bitmap_count, marked
from services.browsing.lost import Neighbours
from services.browsing.seen import Seen
from services.browsing.settings import MISSES_MAX, Settings

US = 1_000_000
QUARTERS = 4
NO_TALLY = Tally(window=-2, now=EMPTY_BITMAP, before=EMPTY_BITMAP)
BURST, SLOW = "browsing.burst", "browsing.slow"


@dataclass(frozen=True, slots=True)
class Verdict:
    """Too many distinct missing paths: by which rule, since when, and at what share."""

    rule: str
    opened_us: int
    paths: int
    likely: int
    share: float


def found(walk: Walk, seen: Seen, rules: Settings) -> Walk:
    """The walk after a path that is there; the same object when nothing changed."""
    hashed, at_s = seen.path_hash, seen.at_us // US
    burst = tallied(walk.burst, hashed, at_s // rules.burst_window_s)
    slow = tallied(walk.slow, hashed, at_s // rules.slow_window_s)
    if burst is walk.burst and slow is walk.slow:
        return walk
    return replace(walk, burst=burst, slow=slow)


def missed(walk: Walk | None, seen: Seen, weight: int, rules: Settings) -> Walk:
    """The walk after a missing path.

    At the limit the miss that says least gives way, of these the oldest, so broken links cannot
    push a slow scan out of memory.
    """
    at_s = seen.at_us // US
    path = seen.path_hash
    kept = walk.misses if walk else ()
    since_s = at_s - rules.slow_window_s
    misses = [miss for miss in kept if miss.at_s > since_s and miss.path != path]
    before = next((miss for miss in kept if miss.path == path), None)
    latest = max(at_s, before.at_s) if before else at_s
    misses.append(Miss(path=path, at_s=latest, weight=weight))
    if len(misses) > MISSES_MAX:
        misses.remove(min(misses, key=lambda miss: (miss.weight, miss.at_s)))
    if walk is None:
        return Walk(site=seen.site, misses=tuple(misses), burst=NO_TALLY, slow=NO_TALLY)
    return replace(walk, misses=tuple(misses))


@dataclass(frozen=True, slots=True)
class Window:
    """One of the two ways of being too much."""

    rule: str
    seconds: int
    paths: int
    share: float


def judge(walk: Walk, at_us: int, rules: Settings, neighbours: Neighbours) -> Verdict | None:
    """Whether the missing paths are too many, too much of all, and nobody else's too."""
    burst = Window(BURST, rules.burst_window_s, rules.burst_paths, rules.burst_share)
    slow = Window(SLOW, rules.slow_window_s, rules.slow_paths, rules.slow_share)
    return _judge(walk, walk.burst, at_us // US, burst, neighbours) or _judge(
        walk, walk.slow, at_us // US, slow, neighbours
    )


def _judge(
    walk: Walk, tally: Tally, at_s: int, window: Window, neighbours: Neighbours
) -> Verdict | None:
    least = window.paths * QUARTERS
    misses = [miss for miss in walk.misses if miss.at_s > at_s - window.seconds]
    if sum(miss.weight for miss in misses) < least:
        return None
    own = [
        miss
        for miss in misses
        if likely(miss) or not neighbours.shared(walk.site, miss.path, at_s * US)
    ]
    if sum(miss.weight for miss in own) < least:
        return None
    share = len(own) / (len(own) + present(tally, at_s // window.seconds))
    if share < window.share:
        return None
    opened_us = min(miss.at_s for miss in own) * US
    return Verdict(window.rule, opened_us, len(own), sum(map(likely, own)), share)


def mostly_misses(walk: Walk, seen: Seen, rules: Settings) -> bool:
    """Whether the client asks for hardly anything that is there; one miss says nothing."""
    window = seen.at_us // US // rules.slow_window_s
    return len(walk.misses) > 1 and present(walk.slow, window) * QUARTERS <= len(walk.misses)


def likely(miss: Miss) -> bool:
    """Whether the path is one that wordlists have for being worth finding."""
    return miss.weight > QUARTERS


def tallied(tally: Tally, hashed: int, window: int) -> Tally:
    """The tally with a path added; late ones count as of now. The same object if it was in."""
    if window <= tally.window:
        now = marked(tally.now, hashed)
        return tally if now is tally.now else replace(tally, now=now)
    before = tally.now if window == tally.window + 1 else EMPTY_BITMAP
    return Tally(window=window, now=marked(EMPTY_BITMAP, hashed), before=before)


def present(tally: Tally, window: int) -> float:
    """Distinct paths found in this window and the one before, about.

    Between one and two windows' worth: what is uncertain speaks for the client.
    """
    if window <= tally.window:
        return bitmap_count(tally.now, tally.before)
    return bitmap_count(tally.now) if window == tally.window + 1 else 0.0
