"""What happens to a command when the process that started it is ended."""

import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

STARTER = """
import subprocess, sys, time
from services.runtime.children import dies_with_us
subprocess.Popen([*dies_with_us("TERM"), "sh", "-c",
    "trap 'echo ended; exit' TERM; echo begun; while :; do sleep 0.05; done"],
    start_new_session=True)
time.sleep(60)
"""


@pytest.mark.skipif(not shutil.which("setpriv"), reason="needs setpriv of util-linux")
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_a_child_hears_of_our_end_however_it_comes(how: signal.Signals) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", STARTER], cwd=Path(__file__).parents[3], stdout=subprocess.PIPE
    ) as starter:
        assert starter.stdout is not None
        assert starter.stdout.readline() == b"begun\n"
        starter.send_signal(how)
        assert starter.stdout.readline() == b"ended\n"
