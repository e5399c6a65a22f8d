"""Figures are of interleaved rounds, and a peer stands beside ours only where it ran."""

import json
import stat
from pathlib import Path
from typing import Any

import pytest

from services.cli.__main__ import run
from services.cli.measure.figures import Case, Figure


def test_a_figure_is_a_median_with_its_spread() -> None:
    assert Figure.of([3.0, 1.0, 2.0]) == Figure(2.0, 1.0, 3.0)
    case = Case("ours", "packets", 100, [0.5, 1.0])
    assert case.rate == Figure(150.0, 100.0, 200.0)


def test_a_ratio_is_taken_round_by_round() -> None:
    ours, peer = Case("ours", "x", 1, [1.0, 2.0, 4.0]), Case("peer", "x", 1, [8.0, 4.0, 8.0])
    assert ours.times(peer) == Figure(2.0, 2.0, 8.0)


def lines(capfdbinary: pytest.CaptureFixture[bytes]) -> list[Any]:
    return [json.loads(line) for line in capfdbinary.readouterr().out.splitlines()]


def bench(what: str) -> int:
    return run(["bench", what, "--json", "--rounds", "2", "--exchanges", "160"])


@pytest.mark.parametrize("what", ["detect", "browsing", "discovery"])
def test_a_service_is_measured_over_every_exchange(
    what: str, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert bench(what) == 0
    (case,) = lines(capfdbinary)
    assert (case["case"], case["units"], case["rounds"]) == (what, 160, 2)
    assert case["per_cpu_s"]["median"] > 0


def test_the_pipeline_is_the_sum_of_its_stages(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert bench("pipeline") == 0
    by_name = {case["case"]: case for case in lines(capfdbinary)}
    assert by_name.keys() == {"capture", "reassembly", "detect", "browsing", "discovery", "all"}
    assert by_name["all"]["cpu_s"]["max"] >= by_name["detect"]["cpu_s"]["max"]


def peer(folder: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program called suricata, first on the PATH."""
    program = folder / "suricata"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", str(folder), prepend=":")


def test_a_peer_reads_the_same_file_in_each_round(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    log = tmp_path / "log"
    peer(tmp_path, f'echo "$@" >> {log}; i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done',
         monkeypatch)  # fmt: skip
    assert bench("packets") == 0
    found = lines(capfdbinary)
    ratios = [line for line in found if line["kind"] == "ratio"]
    assert [ratio["name"].split(" against ")[0] for ratio in ratios] == [
        "exchanges",
        "exchanges, bodies decoded",
    ]
    assert all(ratio["min"] <= ratio["median"] <= ratio["max"] for ratio in ratios)
    runs = [line for line in log.read_text().splitlines() if "made.pcap" in line]
    assert len(runs) == 2


def test_a_peer_that_fails_is_left_out_and_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    peer(tmp_path, '[ "$1" = -V ] && exit 0; echo "no such option" >&2; exit 1', monkeypatch)
    assert bench("packets") == 0
    said = capfdbinary.readouterr()
    assert b'"ratio"' not in said.out
    assert b"suricata failed: no such option" in said.err


def test_a_capture_without_http_is_refused(
    tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    empty = tmp_path / "nothing.pcap"
    empty.write_bytes(bytes.fromhex("d4c3b2a1020004000000000000000000ffff000001000000"))
    assert run(["bench", "packets", "--pcap", str(empty)]) == 2
    last = capfdbinary.readouterr().err.decode().splitlines()[-1]
    assert last == f"sidetap: {empty}: there is no HTTP in it to measure with."
