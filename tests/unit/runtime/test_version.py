"""One version in two places."""

import tomllib
from pathlib import Path

from services.runtime.version import VERSION


def test_the_version_is_the_projects() -> None:
    project = Path(__file__).parents[3] / "pyproject.toml"
    assert tomllib.loads(project.read_text())["project"]["version"] == VERSION
