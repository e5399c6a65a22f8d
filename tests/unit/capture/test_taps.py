"""Files as letters: the same every time, in packet time over several files, refused in words."""

import gzip
from dataclasses import replace
from pathlib import Path

import pytest

from schemas.codec import decode, decode_as
from schemas.types import LedgerEntry, PacketBlock
from services.capture import taps as module
from services.capture.letters import Letter
from services.capture.settings import Settings, SubnetRule
from services.capture.taps import TapLetters, UnreadableError, check, merged, taps
from tests.unit.capture.test_bpf import needs_libpcap
from tests.unit.capture.wire import START_US, shop, write_pcap

SETTINGS = Settings(block_bytes=4_096)
PARTITIONS = 4


def letters(path: Path, settings: Settings = SETTINGS) -> list[Letter]:
    (tap,) = taps([str(path)], settings, PARTITIONS, again=False)
    return list(merged([TapLetters(tap, settings, PARTITIONS)]))


def blocks(found: list[Letter]) -> list[PacketBlock]:
    return [decode_as(PacketBlock, letter.value) for letter in found if letter.topic == "packets"]


@pytest.fixture(scope="module")
def capture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_pcap(tmp_path_factory.mktemp("captures") / "a.pcap", shop(20, 10))


def test_a_second_run_repeats_the_first(capture: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "READS_PER_LEDGER", 2)
    first = letters(capture)
    assert letters(capture) == first
    assert len({(letter.lane, letter.sequence) for letter in first}) == len(first)
    assert all(letter.topic in ("packets", "ledger") for letter in first)


def test_every_lane_counts_from_nought_and_every_partition_ends(capture: Path) -> None:
    found = letters(capture)
    for lane in {letter.lane for letter in found}:
        of_lane = [letter for letter in found if letter.lane == lane]
        assert [letter.sequence for letter in of_lane] == list(range(len(of_lane)))
        if of_lane[0].topic == "packets":
            last = decode(of_lane[-1].value)
            assert (last.kind, last.partition) == ("end", of_lane[0].partition)
    assert {letter.partition for letter in found if letter.topic == "packets"} == set(range(4))


def test_the_ledger_balances_and_knows_every_frame(capture: Path) -> None:
    entries = [decode(letter.value) for letter in letters(capture) if letter.topic == "ledger"]
    frames = len(shop(20, 10))
    for layer in ("capture", "packing"):
        of_layer: list[LedgerEntry] = [entry for entry in entries if entry.layer == layer]
        assert sum(entry.entered.packets for entry in of_layer) == frames
        assert sum(entry.left.packets for entry in of_layer) == frames


def test_content_and_settings_make_the_epoch(capture: Path, tmp_path: Path) -> None:
    same = tmp_path / "a.pcap"
    same.write_bytes(capture.read_bytes())
    (one,) = taps([str(capture)], SETTINGS, 4, again=False)
    (two,) = taps([str(same)], SETTINGS, 4, again=False)
    (wider,) = taps([str(capture)], SETTINGS, 5, again=False)
    (other,) = taps([str(capture)], replace(SETTINGS, site="b"), 4, again=False)
    (again,) = taps([str(capture)], SETTINGS, 4, again=True)
    assert (one.epoch, one.resumable) == (two.epoch, True)
    assert len({tap.epoch for tap in (one, wider, other, again)}) == 4
    assert not again.resumable


def test_several_files_are_merged_by_packet_time(tmp_path: Path) -> None:
    frames = shop(20, 10)
    early = write_pcap(tmp_path / "early.pcap", shop(5, 5, start_us=START_US - 60_000_000))
    client = write_pcap(tmp_path / "client.pcap", [f for f in frames if f.from_client])
    server = write_pcap(tmp_path / "server.pcap", [f for f in frames if not f.from_client])
    found = taps([str(p) for p in (client, server, early)], SETTINGS, PARTITIONS, again=False)
    sent = blocks(list(merged([TapLetters(tap, SETTINGS, PARTITIONS) for tap in found])))
    clocks = [block.clock_us for block in sent if block.kind == "data"]
    assert clocks == sorted(clocks)
    first_end = {b.agent: n for n, b in reversed(list(enumerate(sent))) if b.kind == "end"}
    last_data = {b.agent: n for n, b in enumerate(sent) if b.kind == "data"}
    # Nobody's end stands before what the other tap saw until then.
    assert first_end["client.pcap"] > last_data["server.pcap"]
    assert first_end["server.pcap"] > last_data["client.pcap"]
    assert first_end["early.pcap"] < last_data["client.pcap"]


def test_agents_are_called_as_their_files(tmp_path: Path) -> None:
    for folder in ("x", "y"):
        (tmp_path / folder).mkdir()
        write_pcap(tmp_path / folder / "a.pcap", shop(1, 1))
    paths = [str(tmp_path / "x" / "a.pcap"), str(tmp_path / "y" / "a.pcap")]
    assert [tap.agent for tap in taps(paths, SETTINGS, 1, again=False)] == ["x/a.pcap", "y/a.pcap"]
    deep = [f"{folder}/same/a.pcap" for folder in ("x", "y")]
    for path in deep:
        (tmp_path / path).parent.mkdir()
        write_pcap(tmp_path / path, shop(1, 1))
    found = taps([str(tmp_path / path) for path in deep], SETTINGS, 1, again=False)
    assert [tap.agent for tap in found] == deep
    named = replace(SETTINGS, agent="edge")
    assert [tap.agent for tap in taps(paths[:1], named, 1, again=False)] == ["edge"]
    both = [tap.agent for tap in taps(paths, named, 1, again=False)]
    assert both == ["edge/x/a.pcap", "edge/y/a.pcap"]


@needs_libpcap
def test_a_filter_is_for_the_files_own_link_type(capture: Path) -> None:
    def packets(expression: str) -> int:
        found = blocks(letters(capture, replace(SETTINGS, filter=expression)))
        return sum(block.packets for block in found)

    assert packets("tcp port 80") == len(shop(20, 10))
    assert packets("host 198.51.100.1") == len(shop(20, 10)) // 20 * 3
    assert packets("udp") == 0


def test_subnet_rules_are_counted_by_name(capture: Path) -> None:
    rule = SubnetRule(name="office", action="exclude", cidr="198.51.100.1/32")
    found = letters(capture, replace(SETTINGS, subnets=(rule,)))
    dropped = {
        cause: amount.packets
        for letter in found
        if letter.topic == "ledger"
        for cause, amount in decode(letter.value).dropped.items()
    }
    assert dropped == {"subnet:office": len(shop(20, 10)) // 20 * 3}


def refusal(path: Path) -> str:
    with pytest.raises(UnreadableError) as caught:
        check([str(path)], SETTINGS)
    return str(caught.value)


def test_what_is_no_capture_is_refused_in_one_sentence(tmp_path: Path) -> None:
    empty, text = tmp_path / "empty.pcap", tmp_path / "text.pcap"
    empty.write_bytes(b"")
    text.write_text("GET / HTTP/1.1\r\nHost: a\r\n\r\n" * 10)
    missing = tmp_path / "missing.pcap"
    for path in (empty, text, missing, tmp_path):
        sentence = refusal(path)
        assert str(path) in sentence
        assert "\n" not in sentence
    assert refusal(missing).endswith("No such file or directory")


def test_a_cut_file_is_read_to_the_cut(capture: Path, tmp_path: Path) -> None:
    cut, packed = tmp_path / "cut.pcap", tmp_path / "cut.pcap.gz"
    whole = capture.read_bytes()
    cut.write_bytes(whole[: len(whole) // 2 + 7])
    packed.write_bytes(gzip.compress(whole)[:-500])
    for path in (cut, packed):
        check([str(path)], SETTINGS)
        (tap,) = taps([str(path)], SETTINGS, PARTITIONS, again=False)
        source = TapLetters(tap, SETTINGS, PARTITIONS)
        found = blocks(list(merged([source])))
        assert 0 < sum(block.packets for block in found) < len(shop(20, 10))
        assert source.damage
        assert "\n" not in source.damage
        assert found[-1].kind == "end"
