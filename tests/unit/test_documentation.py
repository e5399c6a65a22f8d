"""The documents against the code: what an operator looks up is there, and as it is.

Each test says the line that is missing, so that mending it is a matter of pasting.
"""

import dataclasses
import importlib
import re
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from schemas.topics import Topic, topics
from schemas.types import Anomaly
from services.cli.__main__ import COMMANDS
from services.runtime.metrics import Metric
from services.runtime.settings import section_name

ROOT = Path(__file__).parents[2]
OPERATING = (ROOT / "docs" / "operating.md").read_text()
ARCHITECTURE = (ROOT / "docs" / "architecture.md").read_text()
GIB = 1 << 30
ANOMALIES = typing.get_args(Anomaly)


def settings_classes() -> list[type[Any]]:
    """Every class that a section of the settings becomes."""
    services = ROOT / "services"
    files = [*services.glob("*/settings.py"), *services.glob("runtime/*.py")]
    modules = [".".join(path.relative_to(ROOT).with_suffix("").parts) for path in files]
    found = (getattr(importlib.import_module(name), "Settings", None) for name in sorted(modules))
    return [shape for shape in found if shape is not None]


def section(title: str) -> str:
    """The text under a heading of operating.md, up to the next one of its level."""
    found = re.search(rf"^### {re.escape(title)}\n(.*?)(?=^#{{2,3}} |\Z)", OPERATING, re.M | re.S)
    assert found, f"docs/operating.md has no heading ### {title}"
    return found.group(1)


def rows(shape: type[Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """(name, default as TOML or –) of each setting; inner tables by their list's name."""
    for field in dataclasses.fields(shape):
        yield prefix + field.name, _default(field)
        for inner in re.findall(r"(\w+), \.\.\.", str(field.type)):
            table = getattr(importlib.import_module(shape.__module__), inner, None)
            if dataclasses.is_dataclass(table) and isinstance(table, type):
                yield from rows(table, f"{field.name}.")


def _default(field: Any) -> str:
    value = field.default
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, str) and value:
        return f'"{value}"'
    return "–"


CLASSES = settings_classes()


def test_the_walk_finds_settings() -> None:
    assert {section_name(shape) for shape in CLASSES} >= {"capture", "reassembly", "worker"}


@pytest.mark.parametrize("shape", CLASSES, ids=section_name)
def test_every_setting_is_documented(shape: type[Any]) -> None:
    text = section(f"[{section_name(shape)}]")
    for name, default in rows(shape):
        assert f"| `{name}` | {default} |" in text, f"missing: | `{name}` | {default} | … |"


@pytest.mark.parametrize("shape", CLASSES, ids=section_name)
def test_no_setting_is_documented_that_is_not_there(shape: type[Any]) -> None:
    documented = re.findall(r"^\| `([\w.]+)` \|", section(f"[{section_name(shape)}]"), re.M)
    assert set(documented) == {name for name, _ in rows(shape)}


def topic_row(topic: Topic) -> str:
    """Topic, partitions, how long, how much at most, who, whether raw."""
    hours, size = topic.retention_h, topic.retention_bytes
    kept = topic.cleanup + (f", {hours} h" if hours >= 0 else "")
    bound = f"{topic.partitions * size // GIB} GiB" if size >= 0 else "–"
    who = f"{', '.join(topic.writers)} | {', '.join(topic.readers)}"
    raw = "yes" if topic.sensitive else "no"
    return f"| `{topic.name}` | {topic.partitions} | {kept} | {bound} | {who} | {raw} |"


@pytest.mark.parametrize("topic", topics().values(), ids=lambda topic: topic.name)
def test_every_topic_is_in_the_table(topic: Topic) -> None:
    assert topic_row(topic) in OPERATING, f"missing: {topic_row(topic)}"


@pytest.mark.parametrize("metric", Metric)
def test_every_metric_is_explained(metric: Metric) -> None:
    assert f"| `{metric.value}` |" in OPERATING


@pytest.mark.parametrize("anomaly", ANOMALIES)
def test_every_anomaly_is_explained(anomaly: str) -> None:
    assert f"| `{anomaly}` |" in ARCHITECTURE


def test_anomalies_that_no_code_sets_are_listed() -> None:
    sources = "".join(
        path.read_text()
        for path in (ROOT / "native" / "src").rglob("*.rs")
        if path.name != "schema.rs"
    )
    unset = {
        name
        for name in ANOMALIES
        if f"Anomaly::{''.join(w.capitalize() for w in name.split('_'))}" not in sources
    }
    (sentence,) = re.findall(r"names that no code sets yet: (.*?)\.\n", ARCHITECTURE, re.S)
    assert set(re.findall(r"`(\w+)`", sentence)) == unset - {"other"}


def test_commands_in_the_documents_exist() -> None:
    found = 0
    for path in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]:
        for command in re.findall(r"(?:`|^ {4}|bin/)sidetap ([a-z]+)", path.read_text(), re.M):
            assert command in COMMANDS, f"{path.name}: sidetap {command}"
            found += 1
    assert found > 10


def test_links_between_documents_lead_somewhere() -> None:
    found = 0
    for path in [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]:
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", path.read_text()):
            assert (path.parent / target).exists(), f"{path.name}: {target}"
            found += 1
    assert found > 5
