"""A file agent as a process, on a real broker: killed and resumed, waiting, refusing."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from confluent_kafka import Consumer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from services.capture.letters import Letter
from services.capture.settings import Settings
from services.capture.taps import TapLetters, merged, taps
from services.runtime import whole
from services.runtime.clients import administering, consuming
from services.runtime.faults import VARIABLE
from services.runtime.kafka_local import LocalKafka
from tests.unit.capture.wire import shop, write_pcap

PARTITIONS = 4
SETTINGS = Settings(block_bytes=4_096)
DEADLINE_S = 120
STARTED: list[subprocess.Popen[str]] = []
# One record a request, one request at a time: each is acknowledged for itself.
SLOWLY = {
    "SIDETAP_KAFKA__BATCH_NUM_MESSAGES": "1",
    "SIDETAP_KAFKA__MAX_IN_FLIGHT_REQUESTS_PER_CONNECTION": "1",
}


def struck(sig: str, acknowledged: int) -> dict[str, str]:
    """An agent that gets the signal from itself when so many records have arrived."""
    return {**SLOWLY, VARIABLE: f"acknowledged:{acknowledged}:{sig}"}


@pytest.fixture(scope="module")
def broker() -> Iterator[LocalKafka]:
    """Its own: the topics have their real names."""
    local = LocalKafka().start()
    admin = AdminClient(administering({"bootstrap.servers": local.bootstrap}))
    new = [NewTopic("packets", PARTITIONS), NewTopic("ledger", 2)]
    for future in admin.create_topics(new).values():
        future.result()
    yield local
    local.stop()


@pytest.fixture(scope="module")
def capture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Some 6 MB in 2,000 blocks."""
    folder = tmp_path_factory.mktemp("captures")
    return write_pcap(folder / "shop.pcap", shop(40, 10, body_bytes=12_000, gap_us=500))


def agent(
    arguments: list[str], broker: str, data: Path, **environment: str
) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-m", "services.capture", *arguments, "--kafka", broker,
         "--data", str(data)],
        env={**os.environ, "SIDETAP_CAPTURE__BLOCK_BYTES": "4096", **environment},
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    STARTED.append(process)
    return process


@pytest.fixture(autouse=True)
def nothing_left_behind() -> Iterator[None]:
    """Agents never give up by themselves: a test that failed must not leave one."""
    yield
    for process in STARTED:
        if process.poll() is None:
            process.kill()
            process.communicate()
    STARTED.clear()


def finished(process: subprocess.Popen[str]) -> tuple[int, str]:
    """Exit code and what it said."""
    _, said = process.communicate(timeout=DEADLINE_S)
    return process.returncode, said


def expected(path: Path, site: str) -> list[list[bytes]]:
    """What a run that nobody disturbs sends, by partition."""
    settings = Settings(block_bytes=SETTINGS.block_bytes, site=site)
    found = taps([str(path)], settings, PARTITIONS, again=False)
    by_partition: list[list[bytes]] = [[] for _ in range(PARTITIONS)]
    for letter in merged([TapLetters(tap, settings, PARTITIONS) for tap in found]):
        if letter.topic == "packets":
            by_partition[_partition(letter)].append(letter.value)
    return by_partition


def _partition(letter: Letter) -> int:
    assert letter.partition is not None
    return letter.partition


def ends(broker: LocalKafka) -> list[int]:
    """Where each partition of `packets` ends now."""
    kafka = {"bootstrap.servers": broker.bootstrap}
    found = whole.ends(kafka, [("packets", p) for p in range(PARTITIONS)])
    return [found["packets", p][1] for p in range(PARTITIONS)]


def until_stopped(process: subprocess.Popen[str]) -> None:
    """Wait until the agent has stopped itself in the middle of its work."""
    deadline_s = time.monotonic() + DEADLINE_S
    while "T (stopped)" not in Path(f"/proc/{process.pid}/status").read_text():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline_s, "it never came to its place"
        time.sleep(0.05)


def arrived(broker: LocalKafka, since: list[int]) -> list[list[bytes]]:
    """Blocks of each partition behind these offsets, repeats included."""
    consumer = Consumer(consuming({"bootstrap.servers": broker.bootstrap}, group_id="arrived"))
    found = []
    for partition, offset in enumerate(since):
        consumer.assign([TopicPartition("packets", partition, offset)])
        records: list[bytes] = []
        while (message := consumer.poll(30)) is not None and not message.error():
            records.append(message.value() or b"")
        found.append(records)
    consumer.close()
    return found


def first_arrivals(found: list[list[bytes]]) -> list[list[bytes]]:
    return [list(dict.fromkeys(records)) for records in found]


def test_a_file_arrives_block_by_block_and_only_once(
    broker: LocalKafka, capture: Path, tmp_path: Path
) -> None:
    since = ends(broker)
    arguments = ["--pcap", str(capture), "--site", "once"]
    assert finished(agent(arguments, broker.bootstrap, tmp_path)) == (
        0,
        f"sidetap capture: shop.pcap: {sum(map(len, expected(capture, 'once')))} blocks sent\n",
    )
    assert arrived(broker, since) == expected(capture, "once")
    code, said = finished(agent(arguments, broker.bootstrap, tmp_path))
    assert code == 0
    assert "was sent before" in said
    assert arrived(broker, since) == expected(capture, "once")


@pytest.mark.parametrize("round_", range(3))
def test_killed_and_resumed_it_sends_what_an_undisturbed_run_sends(
    broker: LocalKafka, capture: Path, tmp_path: Path, round_: int
) -> None:
    site = f"killed-{round_}"
    wanted = expected(capture, site)
    since = ends(broker)
    arguments = ["--pcap", str(capture), "--site", site]
    kill_at = sum(map(len, wanted)) * (round_ + 1) // 30
    process = agent(arguments, broker.bootstrap, tmp_path, **struck("KILL", kill_at))
    assert finished(process)[0] == -signal.SIGKILL
    assert 0 < sum(ends(broker)) - sum(since) < sum(map(len, wanted))
    assert finished(agent(arguments, broker.bootstrap, tmp_path))[0] == 0
    assert first_arrivals(arrived(broker, since)) == wanted


def test_a_stop_by_signal_keeps_its_place(
    broker: LocalKafka, capture: Path, tmp_path: Path
) -> None:
    since = ends(broker)
    arguments = ["--pcap", str(capture), "--site", "stopped"]
    # Not at the first: that may be a record of the ledger, which the report does not count.
    code, said = finished(agent(arguments, broker.bootstrap, tmp_path, **struck("TERM", 100)))
    assert code == 130
    assert "the same command goes on" in said
    code, said = finished(agent(arguments, broker.bootstrap, tmp_path))
    assert code == 0
    assert "by an earlier run" in said
    assert first_arrivals(arrived(broker, since)) == expected(capture, "stopped")


def test_a_broker_that_is_away_for_ten_seconds_costs_nothing(
    broker: LocalKafka, capture: Path, tmp_path: Path
) -> None:
    since = ends(broker)
    arguments = ["--pcap", str(capture), "--site", "away"]
    process = agent(arguments, broker.bootstrap, tmp_path, **struck("STOP", 100))
    until_stopped(process)
    broker.kill_node(1)
    process.send_signal(signal.SIGCONT)
    time.sleep(10)
    assert process.poll() is None
    broker.start_node(1)
    broker.wait(1)
    code, said = finished(process)
    assert code == 0
    assert said.count("Kafka cannot be reached") == 1
    assert "Kafka takes records again" in said
    assert first_arrivals(arrived(broker, since)) == expected(capture, "away")


def test_without_a_broker_it_says_so_once_and_goes_on_trying(capture: Path, tmp_path: Path) -> None:
    process = agent(["--pcap", str(capture)], "127.0.0.1:1", tmp_path)
    assert process.stderr is not None
    assert process.stderr.readline() == (
        "sidetap capture: Kafka at 127.0.0.1:1 cannot be reached; trying again\n"
    )
    time.sleep(3)
    assert process.poll() is None
    process.send_signal(signal.SIGINT)
    assert finished(process) == (130, "")


def test_what_cannot_be_captured_is_one_sentence_and_exit_code_2(tmp_path: Path) -> None:
    text = tmp_path / "text.pcap"
    text.write_text("this is no capture\n" * 10)
    whole = write_pcap(tmp_path / "whole.pcap", shop(1, 1))
    for arguments in (
        ["--pcap", str(text)],
        ["--pcap", str(tmp_path / "missing.pcap")],
        ["--pcap", str(whole), "--filter", "tcp prt 80"],
        ["--pcap", str(whole), "--site", "a/b"],
        ["--pcap", str(whole), "--exclude", "office=10.0.0.1/8"],
        ["--interface", "nosuch0"],
    ):
        code, said = finished(agent(arguments, "127.0.0.1:1", tmp_path))
        assert code == 2, said
        assert said.startswith("sidetap capture: ")
        assert said.count("\n") == 1


def test_another_width_than_the_topics_is_refused(
    broker: LocalKafka, capture: Path, tmp_path: Path
) -> None:
    arguments = ["--pcap", str(capture), "--partitions", "5"]
    code, said = finished(agent(arguments, broker.bootstrap, tmp_path))
    assert (code, said.count("\n")) == (1, 1)
    assert "topic packets has 4 partitions" in said
