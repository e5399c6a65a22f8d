"""The images themselves, where a Docker daemon runs.

REQUIRE_DOCKER=1 turns its absence from a skip into a failure.
"""

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BUILD_S_MAX = 1_800


def answers(*command: str) -> bool:
    """Whether a program is there and its daemon, if it has one, too."""
    try:
        return subprocess.run(command, capture_output=True, timeout=20).returncode == 0
    except OSError:
        return False


@pytest.fixture(scope="module")
def compose() -> list[str]:
    """The compose command of this machine, the plugin or the program."""
    if not answers("docker", "version"):
        reason = "no Docker daemon: images and docker-compose.yml were not run"
        if os.environ.get("REQUIRE_DOCKER") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    plugin = answers("docker", "compose", "version")
    return ["docker", "compose"] if plugin else ["docker-compose"]


@pytest.mark.timeout(BUILD_S_MAX)
def test_images_build_and_the_compose_file_is_one(compose: list[str]) -> None:
    for step in (["config", "--quiet"], ["build"]):
        done = subprocess.run(
            [*compose, *step], cwd=ROOT, capture_output=True, text=True, timeout=BUILD_S_MAX
        )
        assert done.returncode == 0, done.stderr
