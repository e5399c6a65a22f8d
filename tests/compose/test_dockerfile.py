"""The Dockerfile against the tree: what it copies is there, and what it pins is what was tested."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCKERFILE = (ROOT / "Dockerfile").read_text()
PINNED = re.compile(r"^([a-z0-9-]+)==(\S+)", re.M)


def instructions(stage: str) -> list[str]:
    """Lines of a stage, continuations joined."""
    joined = re.sub(r"\\\n\s*", "", DOCKERFILE)
    (_, _, rest) = joined.partition(f" AS {stage}\n")
    assert rest, f"no stage {stage}"
    body = re.split(r"^FROM ", rest, maxsplit=1, flags=re.M)[0]
    return [line for line in body.splitlines() if line and not line.startswith("#")]


def test_what_is_copied_is_in_the_tree_and_reaches_the_daemon() -> None:
    ignored = (ROOT / ".dockerignore").read_text()
    copied = re.findall(r"^COPY (?!--from)(\S+)", DOCKERFILE, re.M)
    assert len(copied) >= 5
    for name in copied:
        assert (ROOT / name).exists()
        assert f"\n!{name}\n" in ignored


def test_buildkit_is_not_needed() -> None:
    assert "# syntax=" not in DOCKERFILE
    assert not re.search(r"--mount|--chmod|--link|<<[A-Z]", DOCKERFILE)


def test_a_service_does_not_run_as_root() -> None:
    users = [line.split()[1] for line in instructions("service") if line.startswith("USER")]
    assert users == ["sidetap"]


def test_every_package_comes_with_its_hash() -> None:
    (install,) = [line for line in instructions("packages") if "pip install" in line]
    assert "--require-hashes" in install


def test_images_have_the_versions_that_are_tested() -> None:
    tested = dict(PINNED.findall((ROOT / "requirements.lock").read_text()))
    shipped = dict(PINNED.findall((ROOT / "requirements-image.lock").read_text()))
    assert shipped.items() <= tested.items(), "run `make lock`"


def test_images_have_all_that_the_project_needs() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    shipped = dict(PINNED.findall((ROOT / "requirements-image.lock").read_text()))
    assert {re.split(r"[\[;<>=]", d)[0].strip() for d in project["dependencies"]} <= shipped.keys()


def test_images_carry_no_tools_of_development() -> None:
    shipped = dict(PINNED.findall((ROOT / "requirements-image.lock").read_text()))
    assert not shipped.keys() & {"pytest", "mypy", "ruff", "scapy", "hypothesis"}
