"""`make crash` itself: with an agent that loses one block of packets, it must fail."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

TREE = Path(__file__).parent.parent.parent


@pytest.mark.timeout(300)
def test_a_block_that_an_agent_loses_fails_the_run() -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "tests.crash", "--kills", "0", "--zombies", "0", "--rate", "100",
         "--seconds", "6", "--lose-block"],
        cwd=TREE, capture_output=True, check=False, timeout=280,
    )  # fmt: skip
    assert ran.returncode == 1, ran.stderr.decode()
    told = json.loads(ran.stdout)
    assert told["exchanges_found"] < told["exchanges_sent"]
    assert told["unplanned"] == []
    # Nothing on the broker disagrees with itself: the files alone say that something is missing.
    assert {sentence.partition(":")[0] for sentence in told["wrong"]} == {"exchanges of the files"}
    assert all("in 1 sites: site0 " in sentence for sentence in told["wrong"])
