"""Places where a test may have the process killed: exactness is shown there, or nowhere.

TEST_FAULT=POINT:N kills this process (SIGKILL) when it passes POINT for the Nth time. Only tests
set it; without it a point costs one comparison.
"""

import os
import signal
from collections import Counter
from typing import Literal

Point = Literal["before_produce", "in_transaction", "after_commit", "in_restore"]
POINTS: tuple[Point, ...] = ("before_produce", "in_transaction", "after_commit", "in_restore")
VARIABLE = "TEST_FAULT"

_planned, _, _nth = os.environ.get(VARIABLE, "").partition(":")
_passed: Counter[str] = Counter()


def point(name: Point) -> None:
    """Die here if a test planned it."""
    if name == _planned:
        _passed[name] += 1
        if _passed[name] == int(_nth):
            os.kill(os.getpid(), signal.SIGKILL)
