"""What makes `make crash` fail: an exchange of the files that is not there once, and odd deaths."""

import signal
import subprocess
from collections import Counter
from pathlib import Path

import pytest
from confluent_kafka import KafkaError

from tests.crash.fleet import Fleet, Slot, end_by_design
from tests.crash.sent import Sent, apart
from tests.crash.wire_traffic import write_file


def sent_file(folder: Path) -> Sent:
    path, sent = folder / "one.pcap", Sent()
    sent.add("site0", path, write_file(path, 7, 20))
    return sent


def test_a_file_holds_what_the_generator_wrote(tmp_path: Path) -> None:
    sent = sent_file(tmp_path)
    assert sent.written == sent.total() == 100
    assert apart(sent, sent.sites) == []


def test_a_lost_a_doubled_and_a_changed_exchange_are_told_by_site(tmp_path: Path) -> None:
    sent = sent_file(tmp_path)
    first, second, third = list(sent.sites["site0"])[:3]
    found = Counter(sent.sites["site0"])
    del found[first]
    found[second] = 2
    found[b"another"] = found.pop(third)
    assert apart(sent, {"site0": found}) == [
        "exchanges of the files: 2 lost or other, in 1 sites: site0 2",
        "exchanges of the files: 2 twice or other, in 1 sites: site0 2",
    ]


def test_a_site_that_never_came_and_one_that_nobody_sent_are_told(tmp_path: Path) -> None:
    sent = sent_file(tmp_path)
    assert "site0 100" in apart(sent, {})[0]
    assert "ghost 1" in apart(sent, {**sent.sites, "ghost": Counter([b"x"])})[0]


def test_a_file_with_fewer_exchanges_than_requests_is_told(tmp_path: Path) -> None:
    sent = sent_file(tmp_path)
    sent.written += 1
    assert apart(sent, sent.sites) == ["files: 101 requests, but 100 exchanges in them"]


def test_only_what_kafka_took_back_ends_a_worker_by_design() -> None:
    fenced = f"12:00 detect-0 ERROR {KafkaError(KafkaError._FENCED).str()}"
    assert end_by_design(3, fenced)
    assert not end_by_design(2, fenced)
    assert not end_by_design(1, "ValueError: no")
    assert not end_by_design(3, "12:00 detect-0 ERROR Kafka does not answer")


@pytest.mark.parametrize(("code", "killed", "told"), [(3, False, 1), (-9, False, 1), (-9, True, 0)])
def test_a_death_that_nobody_planned_is_told(
    tmp_path: Path, code: int, killed: bool, told: int
) -> None:
    fleet = Fleet("127.0.0.1:1", tmp_path, seed=1, kills=0, zombies=0)
    (tmp_path / "detect-0.log").write_text("12:00 detect-0 ERROR something new\n")
    fleet.buried(Slot("detect", 0, killed=killed), code)
    assert len(fleet.unplanned) == told
    assert not fleet.restarts


def test_a_planned_fault_that_another_end_forestalled_is_still_to_come(tmp_path: Path) -> None:
    fleet = Fleet("127.0.0.1:1", tmp_path, seed=1, kills=0, zombies=0)
    (tmp_path / "detect-0.log").write_text("")
    fleet.buried(Slot("detect", 0, plan="after_commit:KILL"), 3)
    assert (fleet.left(), fleet.hits.total()) == (1, 0)
    fleet.buried(Slot("detect", 0, plan="after_commit:KILL"), -9)
    assert fleet.hits["detect", "after_commit:KILL"] == 1


def test_who_has_no_plan_makes_room_for_one_that_came_back(tmp_path: Path) -> None:
    fleet = Fleet("127.0.0.1:1", tmp_path, seed=1, kills=0, zombies=0, workers=1)
    fleet.slots = [Slot("detect", 0, process=subprocess.Popen(["sleep", "60"]))]
    fleet.tend()
    assert not fleet.slots[0].killed
    fleet.planned["detect"].append("in_restore:KILL")
    fleet.tend()
    assert fleet.slots[0].killed
    assert fleet.slots[0].process is not None
    assert fleet.slots[0].process.wait(10) == -signal.SIGKILL
