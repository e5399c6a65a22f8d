"""gobuster, ffuf and dirb with their wordlists, at every pace, as `sidetap read` sees them."""

import json
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.unit.browsing.scanned import Pace, client, may_tap, scan, serving, write

LISTS = Path("/usr/share/dirb/wordlists")
LIST = LISTS / "small.txt"
COMMANDS = {
    "gobuster": ("gobuster", "dir", "-q", "-z", "-t", "4", "-w", "{list}", "-u", "{url}"),
    "ffuf": ("ffuf", "-s", "-t", "4", "-w", "{list}", "-u", "{url}/FUZZ"),
    "dirb": ("dirb", "{url}/", "{list}", "-S", "-r"),
}
FAST, SECOND, MINUTE = 0.002, 1.0, 60.0


pytestmark = [
    pytest.mark.skipif(not may_tap(), reason="no right to tap the loopback"),
    pytest.mark.skipif(not LIST.exists(), reason="no wordlists: apt install dirb"),
]


@cache
def scanned(tool: str) -> tuple[list[bytes], int]:
    """The frames of one scan, and the server's port."""
    if shutil.which(tool) is None:
        pytest.skip(f"{tool} is not installed: apt install {tool}")
    with serving() as port:
        places = {"list": str(LIST), "url": f"http://127.0.0.1:{port}"}
        command = [part.format(**places) for part in COMMANDS[tool]]
        return scan(command, port), port


def found(folder: Path, tool: str, pace: Pace) -> tuple[list[dict[str, Any]], int]:
    """The findings about behaviour, and how many connections there were."""
    frames, port = scanned(tool)
    capture = folder / "scan.pcap"
    count = write(capture, frames, port, pace)
    read = subprocess.run(
        [sys.executable, "-m", "services.cli", "read", str(capture), "--emit", "findings",
         "--format", "jsonl"],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    lines = [json.loads(line) for line in read.stdout.splitlines()]
    return [line for line in lines if line["class"] == "forced_browsing"], count


ALONE = [*((tool, FAST) for tool in COMMANDS), ("gobuster", SECOND), ("ffuf", MINUTE)]


@pytest.mark.parametrize(("tool", "every_s"), ALONE)
def test_a_scan_from_one_address(tool: str, every_s: float, tmp_path: Path) -> None:
    told, count = found(tmp_path, tool, Pace(every_s, 1))
    assert count > 900
    assert {one["client"] for one in told} == {client(0)}


@pytest.mark.parametrize("every_s", [FAST, SECOND, MINUTE])
def test_a_scan_from_fifty_addresses(every_s: float, tmp_path: Path) -> None:
    told, count = found(tmp_path, "gobuster", Pace(every_s, 50))
    assert count > 900
    assert "browsing.distributed" in {one["rule"] for one in told}
