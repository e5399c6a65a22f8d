"""What is usual: how far most get, learned from all.

In:     in each window of each user, how many powers of two of something it passed.
Out:    a bound that all but the rarest windows stay under.
Keeps:  nothing; the counts stand in the rows of those who ask.
"""

from collections.abc import Sequence

# 2^0 … 2^15 of whatever is counted.
POWERS = 16
# Beyond so many windows, half of the past is forgotten.
WINDOWS_MAX = 10_000
# Fewer windows say nothing about what is normal.
WINDOWS_MIN = 20
# One window in a hundred may have more, or two: whoever climbs passes all powers himself.
RARE = 0.01
ALONE = 2
UNKNOWN = -1
NOBODY = (0,) * POWERS


def climbed(reached: Sequence[int], before: int, now: int) -> tuple[int, ...]:
    """The counts when one window went from `before` powers passed to `now`."""
    counts = list(reached)
    for power in range(before, min(now, POWERS)):
        counts[power] += 1
    if counts[0] > WINDOWS_MAX:
        counts = [count // 2 for count in counts]
    return tuple(counts)


def usual(reached: Sequence[int]) -> int:
    """So much or less in a window, but for the rarest; UNKNOWN while it is new."""
    if reached[0] < WINDOWS_MIN:
        return UNKNOWN
    for power, count in enumerate(reached):
        if count <= max(ALONE, RARE * reached[0]):
            return 1 << power
    return 1 << POWERS
