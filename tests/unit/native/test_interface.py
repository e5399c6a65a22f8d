"""Interface on a real veth in a network namespace of its own; needs root and iproute2."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sidetap_native import Interface

ROOT = Path(__file__).parents[3]
NAMESPACE = f"sidetap-test-{os.getpid()}"


def why_not() -> str | None:
    """What this machine lacks for the test."""
    if os.geteuid() != 0:
        return "no root: nobody else may make network namespaces"
    made = subprocess.run(["ip", "netns", "add", NAMESPACE], capture_output=True, text=True)
    return None if made.returncode == 0 else f"no network namespace: {made.stderr.strip()}"


@pytest.fixture(scope="module")
def found() -> Iterator[dict[str, Any]]:
    """What live_probe.py prints."""
    try:
        lacking = why_not()
    except FileNotFoundError:
        lacking = "no ip command: install iproute2"
    if lacking:
        pytest.skip(lacking)
    inside = ["ip", "netns", "exec", NAMESPACE]
    try:
        make = ["link", "add", "probe0", "type", "veth", "peer", "name", "probe1"]
        subprocess.run([*inside, "ip", *make], check=True)
        for name in ("probe0", "probe1"):
            subprocess.run([*inside, "ip", "link", "set", name, "up"], check=True)
        probe = [*inside, sys.executable, "-m", "tests.unit.native.live_probe"]
        said = subprocess.run(probe, cwd=ROOT, check=True, capture_output=True, text=True)
        yield json.loads(said.stdout)
    finally:
        subprocess.run(["ip", "netns", "delete", NAMESPACE], check=True)


def test_every_frame_comes_out_with_its_tag(found: dict[str, Any]) -> None:
    assert found["all"]["frames"] == found["sent"]
    assert found["all"]["not_tcp"] >= 1
    received, dropped = found["all"]["kernel"]
    assert received >= len(found["sent"])
    assert dropped == 0


def test_the_kernel_runs_the_filter(found: dict[str, Any]) -> None:
    assert len(found["filtered"]["frames"]) == 20
    assert found["filtered"]["not_tcp"] == 0


def test_sockets_of_a_group_share_by_flow(found: dict[str, Any]) -> None:
    first, second = found["shared"]
    assert len(first) + len(second) == 20
    assert first
    assert second


def test_what_the_kernel_drops_is_counted(found: dict[str, Any]) -> None:
    received, dropped = found["overrun"]["kernel"]
    assert dropped > 0
    assert found["overrun"]["missing"] == {"kernel": dropped}
    assert received == found["overrun"]["entered"]


def test_an_interface_that_is_not_there_is_named() -> None:
    with pytest.raises(OSError, match="nothing0"):
        Interface("nothing0")
