"""The rules of the tree, checked: a rule that is not checked is a wish.

CONTRIBUTING.md says them in words. A file may state its own limit in a line
`# tidy: N lines, because …`.
"""

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FUNCTION_LINES_MAX = 50
MODULE_LINES_MAX = 400
GENERATED = {"schemas/types.py", "native/src/schema.rs"}
# A core is pure: whatever reaches outside belongs into the shell around it.
IMPURE = {
    "asyncio", "confluent_kafka", "logging", "os", "random", "socket", "sqlalchemy",
    "subprocess", "threading", "time", "uuid",
}  # fmt: skip
# The files of a service that are its shell.
SHELL = {"__main__.py", "worker.py", "settings.py"}
# Folders of a core service that only do, too: what they decide stands beside them.
SHELL_FOLDERS = {"services/discovery/store"}
# Services that are shells by nature: they do, they do not decide.
SHELL_SERVICES = {"runtime", "cli", "capture", "console", "notify"}
CORE_SERVICES = {"reassembly", "detect", "browsing", "discovery", "export"}
VAGUE = {"utils", "util", "common", "helpers", "helper", "base", "manager", "misc"}


def tracked(pattern: str) -> list[Path]:
    """Files git knows or would add."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", pattern],
        cwd=ROOT, check=True, capture_output=True, text=True,
    )  # fmt: skip
    return [ROOT / line for line in listed.stdout.splitlines() if (ROOT / line).exists()]


SOURCES = [p for p in tracked("*.py") if str(p.relative_to(ROOT)) not in GENERATED]
RUST = [p for p in tracked("*.rs") if str(p.relative_to(ROOT)) not in GENERATED]


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def own_limit(text: str) -> int:
    found = re.search(r"^(?:#|//) tidy: (\d+) lines, because .+", text, re.M)
    return int(found.group(1)) if found else MODULE_LINES_MAX


def imports(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_the_walk_finds_files() -> None:
    assert len(SOURCES) > 8
    assert len(RUST) > 2


@pytest.mark.parametrize("path", [*SOURCES, *RUST], ids=name)
def test_modules_are_short_and_have_a_clear_name(path: Path) -> None:
    text = path.read_text()
    assert len(text.splitlines()) <= own_limit(text)
    assert path.stem not in VAGUE


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_functions_fit_a_screen(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            assert lines <= FUNCTION_LINES_MAX, f"{name(path)}: {node.name} has {lines} lines"


@pytest.mark.parametrize(
    "path", [p for p in SOURCES if name(p).startswith("services/")], ids=name
)  # fmt: skip
def test_services_do_not_import_each_other(path: Path) -> None:
    service = path.relative_to(ROOT / "services").parts[0]
    if service == "cli":
        return  # The command line starts them all.
    for module in imports(ast.parse(path.read_text())):
        parts = module.split(".")
        if parts[0] == "services" and len(parts) > 1:
            assert parts[1] in {service, "runtime"}, f"{name(path)} imports {module}"


@pytest.mark.parametrize(
    "path",
    [
        p
        for p in SOURCES
        if name(p).split("/")[:1] == ["services"]
        and name(p).split("/")[1] in CORE_SERVICES
        and p.name not in SHELL
        and not any(name(p).startswith(f"{folder}/") for folder in SHELL_FOLDERS)
    ],
    ids=name,
)
def test_cores_are_pure(path: Path) -> None:
    for module in imports(ast.parse(path.read_text())):
        assert module.split(".")[0] not in IMPURE, f"{name(path)} imports {module}"


@pytest.mark.parametrize("path", [*SOURCES, *RUST], ids=name)
def test_every_module_says_what_it_is(path: Path) -> None:
    text = path.read_text()
    if path.suffix == ".rs":
        assert text.startswith("//!"), f"{name(path)} has no head"
    elif text.strip():
        assert ast.get_docstring(ast.parse(text)), f"{name(path)} has no docstring"
