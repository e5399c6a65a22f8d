"""Each case's capture gives exactly its expected lines, and its make.py gives that capture."""

import importlib
import json
import re
from pathlib import Path
from typing import get_args

import pytest

from schemas.types import Anomaly
from tests.golden.conversation import save
from tests.golden.lines import CASES, FOLDER, lines_of


def test_there_are_cases() -> None:
    assert len(CASES) >= 35


@pytest.mark.parametrize("case", CASES)
def test_a_capture_gives_its_expected_lines(case: str) -> None:
    folder = FOLDER / case
    assert list(lines_of(folder / "capture.pcap")) == (
        (folder / "expected.jsonl").read_text().splitlines()
    )


def test_every_anomaly_has_a_case() -> None:
    """But for a name of other versions, one that no code sets, and one of a head of 256 KiB."""
    seen = set()
    for case in CASES:
        for line in map(json.loads, (FOLDER / case / "expected.jsonl").read_text().splitlines()):
            seen.update(line.get("anomalies", ()))
    assert set(get_args(Anomaly)) - seen == {"other", "id_weak", "head_limit"}


def test_the_table_of_hard_cases_names_cases() -> None:
    rows = [row for row in (FOLDER / "README.md").read_text().splitlines() if row[:1] == "|"][2:]
    named = [re.findall(r"`(\w+)`", row.split("|")[3]) for row in rows]
    assert all(named)
    assert {name for names in named for name in names} <= set(CASES)


@pytest.mark.parametrize("case", CASES)
def test_the_ledger_explains_every_byte(case: str) -> None:
    lines = map(json.loads, (FOLDER / case / "expected.jsonl").read_text().splitlines())
    layers = {line["layer"]: line for line in lines if line["kind"] == "ledger"}
    assert set(layers) <= {"reassembly", "exchanges"}
    assert layers["reassembly"]["entered"] > 0
    for layer in layers.values():
        assert (layer["residual"], layer["held"]) == (0, 0)


@pytest.mark.parametrize("case", CASES)
def test_make_py_makes_the_committed_capture(case: str, tmp_path: Path) -> None:
    make = importlib.import_module(f"tests.golden.{case}.make")
    save(str(tmp_path / "make.py"), make.packets())
    made = (tmp_path / "capture.pcap").read_bytes()
    assert made == (FOLDER / case / "capture.pcap").read_bytes()
