"""Places where a test may have the process killed: exactness is shown there, or nowhere.

TEST_FAULT=POINT:N:SIGNAL sends this process a signal (KILL, STOP, TERM) when it passes POINT for
the Nth time. Only tests set it; without it a point costs one comparison.
"""

import os
import signal
from collections import Counter
from typing import Literal

Point = Literal["before_produce", "in_transaction", "after_commit", "in_restore", "acknowledged"]
# Those of a transactional worker; `acknowledged` is an agent's, once for each record.
POINTS: tuple[Point, ...] = ("before_produce", "in_transaction", "after_commit", "in_restore")
VARIABLE = "TEST_FAULT"

_planned, _nth, _signal = (os.environ.get(VARIABLE) or ":0:KILL").split(":")
_passed: Counter[str] = Counter()


def point(name: Point) -> None:
    """Die here if a test planned it."""
    if name == _planned:
        _passed[name] += 1
        if _passed[name] == int(_nth):
            os.kill(os.getpid(), signal.Signals[f"SIG{_signal}"])
