"""What the first `make` says on a machine that lacks something, and what CI runs."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / ".ci" / "prerequisites"
TOOLS = ("sh", "sort", "head", "cut", "sed")
# Name of a program → what a good one prints, whatever it is asked.
GOOD = {
    "python3": "",
    "cargo": "cargo 1.95.0 (f2d3ce0bd 2026-03-21)",
    "cc": "",
    "mvn": "",
    "java": 'openjdk version "17.0.15" 2025-04-15',
}


def fake(folder: Path, name: str, says: str, code: int = 0) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\nprintf '%s' '{says}'\nexit {code}\n")
    path.chmod(0o755)


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """A PATH on which everything is as it should be."""
    for tool in TOOLS:
        found = shutil.which(tool)
        assert found
        (tmp_path / tool).symlink_to(found)
    for name, says in GOOD.items():
        fake(tmp_path, name, says)
    return tmp_path


def ask(machine: Path) -> tuple[int, list[str]]:
    done = subprocess.run(
        ["/bin/sh", str(SCRIPT)], env={"PATH": str(machine)}, capture_output=True, text=True
    )
    assert done.stdout == ""
    return done.returncode, done.stderr.splitlines()


def test_nothing_is_said_where_nothing_lacks(machine: Path) -> None:
    assert ask(machine) == (0, [])


@pytest.mark.parametrize("name", GOOD)
def test_what_is_missing_is_named_with_its_mending(machine: Path, name: str) -> None:
    (machine / name).unlink()
    code, said = ask(machine)
    assert code == 1
    (sentence,) = said
    assert sentence.startswith("sidetap needs ")
    assert "apt install" in sentence or "rustup" in sentence


@pytest.mark.parametrize(
    ("name", "says", "sentence"),
    [
        ("cargo", "cargo 1.75.0", "Rust 1.88.0 or newer: run rustup update stable"),
        ("java", 'java version "1.8.0_412"', "Java 17 or newer, and java is 1.8.0"),
        ("java", 'openjdk version "11.0.2"', "Java 17 or newer, and java is 11.0.2"),
        ("java", "gibberish", "Java 17 or newer, and java is of an unknown version"),
    ],
)
def test_what_is_too_old_is_named(machine: Path, name: str, says: str, sentence: str) -> None:
    fake(machine, name, says)
    assert ask(machine) == (1, [f"sidetap needs {sentence}"])


@pytest.mark.parametrize("newer", ['openjdk version "21"', 'openjdk version "25.0.2"'])
def test_a_newer_java_will_do(machine: Path, newer: str) -> None:
    fake(machine, "java", newer)
    assert ask(machine) == (0, [])


def test_everything_that_lacks_is_said_at_once(machine: Path) -> None:
    for name in GOOD:
        (machine / name).unlink()
    code, said = ask(machine)
    assert (code, len(said)) == (1, len(GOOD))


def test_an_old_python_is_named(machine: Path) -> None:
    fake(machine, "python3", "", code=1)
    code, said = ask(machine)
    assert code == 1
    assert "python3 is older" in said[0]


def test_a_python_without_venv_is_named(machine: Path) -> None:
    (machine / "python3").write_text('#!/bin/sh\ncase "$2" in *ensurepip*) exit 1 ;; esac\n')
    sentence = "Python's venv module: on Debian, apt install python3-venv"
    assert ask(machine) == (1, [f"sidetap needs {sentence}"])


def test_ci_runs_what_the_readme_tells_a_newcomer() -> None:
    readme = (ROOT / "README.md").read_text()
    commands = re.findall(r"^ {4}(make \w+)", readme, re.M)
    assert commands[:2] == ["make run", "make test"]
    (command,) = re.findall(r"^exec (make \w+)", (ROOT / ".ci" / "run").read_text(), re.M)
    assert command == commands[1]
