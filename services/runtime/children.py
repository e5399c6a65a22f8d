"""Processes that do not outlive the one that starts them."""

import shutil
from typing import Literal


def dies_with_us(signal: Literal["KILL", "TERM"] = "KILL") -> list[str]:
    """What to put before a command: it gets the signal however we end, even by kill -9.

    Empty without util-linux's setpriv (PR_SET_PDEATHSIG). The kernel goes by the thread that
    starts the command: it must last as long as the process.
    """
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", signal] if setpriv else []
