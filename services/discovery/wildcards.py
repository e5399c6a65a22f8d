"""Hosts that are one API: a name for each customer, and the same behind all of them.

In:     a host as requests name it, with its port where it has one.
Out:    the host of the inventory: itself, or the pattern that it fits (*.shop.example).
"""

import re
from collections.abc import Iterable
from functools import lru_cache

PATTERN = re.compile(r"\*(?:\.[a-z0-9_-]{1,63}){1,32}")
# Hosts met again soon; some 200 bytes each.
REMEMBERED_MAX = 16_384


class Wildcards:
    """Patterns, each for any labels in front of its own; of several the longest counts."""

    def __init__(self, patterns: Iterable[str]) -> None:
        ends = sorted((pattern[1:] for pattern in patterns), key=lambda end: (-len(end), end))

        @lru_cache(REMEMBERED_MAX)
        def of(host: str) -> str:
            name, colon, port = host.partition(":")
            fitting = (end for end in ends if name.endswith(end) and len(name) > len(end))
            end = next(fitting, None)
            return host if end is None else f"*{end}{colon}{port}"

        self.of = of if ends else str
