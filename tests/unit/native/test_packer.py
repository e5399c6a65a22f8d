"""Packer and CaptureFile at the Python border: blocks as fastavro reads them, and the ledger."""

import gzip
import struct
from pathlib import Path

import pytest
from sidetap_native import CaptureFile

from schemas.types import Amount, PacketBlock
from tests.unit.native.frames import (
    NOW_US,
    SECOND_US,
    ether,
    ip,
    ledger,
    packer,
    packets,
    pcap,
    records,
    tcp,
)


def packed(data: bytes, folder: Path, step: int = 1000, **settings: object) -> list[PacketBlock]:
    """The blocks of a file, read so many packets at a time."""
    path = folder / "a.pcap"
    path.write_bytes(data)
    source, to = CaptureFile(str(path)), packer(**settings)
    blocks = []
    while not source.done:
        blocks += to.read(source, step)
    return records([*blocks, *to.end()])


def flow(port: int, at_us: int = NOW_US, payload: bytes = b"x" * 100) -> tuple[int, bytes]:
    return at_us, ether(ip(tcp(payload, source=port)))


def answer(port: int) -> bytes:
    return ip(tcp(source=80, destination=port), source="10.0.0.2", destination="10.0.0.1")


def test_each_packet_is_in_the_block_of_its_flow(tmp_path: Path) -> None:
    there = [flow(port) for port in range(1000, 1100)]
    back = [(NOW_US, ether(answer(port))) for port in range(1000, 1100)]
    blocks = packed(pcap(there + back), tmp_path)
    data = [block for block in blocks if block.kind == "data"]
    assert {block.partition for block in data} == {0, 1, 2, 3}
    assert sum(block.packets for block in data) == 200
    homes: dict[int, set[int]] = {}
    for block in data:
        for *_, frame in packets(block):
            ports = struct.unpack_from(">HH", frame, 34)
            homes.setdefault(max(ports), set()).add(block.partition)
    assert all(len(home) == 1 for home in homes.values())


def test_blocks_do_not_depend_on_how_the_file_is_read(tmp_path: Path) -> None:
    data = pcap([flow(1000 + n % 7, NOW_US + n * 3000) for n in range(2000)])
    assert packed(data, tmp_path, step=1) == packed(data, tmp_path, step=777)


def test_sequences_count_up_and_the_end_comes_last(tmp_path: Path) -> None:
    blocks = packed(pcap([flow(1000 + n, NOW_US + n * SECOND_US) for n in range(5)]), tmp_path)
    for partition in range(4):
        own = [block for block in blocks if block.partition == partition]
        assert [block.sequence for block in own] == list(range(len(own)))
        assert [block.kind == "end" for block in own] == [False] * (len(own) - 1) + [True]


def test_a_quiet_partition_gets_a_heartbeat_each_second(tmp_path: Path) -> None:
    blocks = packed(pcap([flow(1000, NOW_US), flow(1000, NOW_US + 2_500_000)]), tmp_path)
    beats = [block for block in blocks if block.kind == "heartbeat"]
    assert {block.clock_us for block in beats} == {NOW_US + 2_500_000}
    assert len({block.partition for block in beats}) == 3
    assert all(block.data == b"" and block.packets == 0 for block in beats)


def test_a_block_closes_when_it_is_full_or_has_lingered(tmp_path: Path) -> None:
    full = packed(pcap([flow(1000) for _ in range(100)]), tmp_path, block_bytes=2000)
    assert all(len(block.data) <= 2000 for block in full)
    assert max(block.packets for block in full) == 2000 // (36 + 154)
    apart = pcap([flow(1000, NOW_US), flow(1000, NOW_US + 19_999), flow(1000, NOW_US + 20_000)])
    counts = [block.packets for block in packed(apart, tmp_path) if block.kind == "data"]
    assert counts == [2, 1]


def test_blocks_that_hold_something_leave_with_the_first_that_lingered(tmp_path: Path) -> None:
    ports = range(1000, 1008)
    early = [flow(port, NOW_US + n) for n, port in enumerate(ports)]
    late = [flow(port, NOW_US + 20_000) for port in ports]
    blocks = [b for b in packed(pcap(early + late), tmp_path) if b.kind == "data"]
    assert len({block.partition for block in blocks}) > 1
    assert {block.clock_us for block in blocks} == {NOW_US + 20_000}
    by_partition: dict[int, list[int]] = {}
    for block in blocks:
        by_partition.setdefault(block.partition, []).append(block.packets)
    assert all(first == second for first, second in by_partition.values())


def test_the_clock_is_the_greatest_time_so_far(tmp_path: Path) -> None:
    times = [NOW_US, NOW_US + 50, NOW_US + 20, NOW_US + 60]
    (block,) = (
        b for b in packed(pcap([flow(1000, t) for t in times]), tmp_path) if b.kind == "data"
    )
    assert [packet[0] for packet in packets(block)] == times
    assert [packet[1] - NOW_US for packet in packets(block)] == [0, 50, 50, 60]


@pytest.mark.parametrize("at", [0, 5, 11])
def test_one_packet_from_the_next_century_moves_no_clock(tmp_path: Path, at: int) -> None:
    times = [NOW_US + n for n in range(12)]
    times[at] = 4_102_444_800 * SECOND_US
    path = tmp_path / "a.pcap"
    path.write_bytes(pcap([flow(1000, t) for t in times]))
    source, to = CaptureFile(str(path)), packer()
    blocks = records(to.read(source, 1000) + to.end())
    assert max(block.clock_us for block in blocks) <= NOW_US + 12
    assert sum(block.packets for block in blocks) == 12
    parts = ledger(to)["capture"].parts
    assert parts["time_not_believed"] == Amount(packets=1, bytes=154)


def test_a_real_pause_of_days_moves_the_clock_with_its_first_packet(tmp_path: Path) -> None:
    later = NOW_US + 86_400 * SECOND_US
    times = [NOW_US, *(later + n for n in range(9))]
    clocks = [
        packet[1]
        for block in packed(pcap([flow(1000, t) for t in times]), tmp_path)
        for packet in packets(block)
    ]
    assert clocks == times


def test_what_is_not_passed_on_is_in_the_ledger_by_cause(tmp_path: Path) -> None:
    frames = [
        flow(1000),
        (NOW_US, ether(ip(b"12345678", protocol=17))),
        (NOW_US, ether(b"arp", number=0x0806)),
        (NOW_US, ether(b"\x45")),
    ]
    path = tmp_path / "a.pcap"
    path.write_bytes(pcap(frames))
    source, to = CaptureFile(str(path)), packer()
    to.read(source, 1000)
    to.end()
    entry = ledger(to)["capture"]
    assert entry.entered == Amount(packets=4, bytes=sum(len(frame) for _, frame in frames))
    assert {cause: amount.packets for cause, amount in entry.dropped.items()} == {
        "not_tcp": 1, "not_ip": 1, "malformed": 1,
    }  # fmt: skip
    assert ledger(to) == {}


def test_packets_in_open_blocks_are_held_until_they_leave(tmp_path: Path) -> None:
    path = tmp_path / "a.pcap"
    path.write_bytes(pcap([flow(1000) for _ in range(10)]))
    source, to = CaptureFile(str(path)), packer()
    to.read(source, 9)
    first = ledger(to)
    assert first["packing"].held.packets == 9
    to.read(source, 9)
    to.end()
    second = ledger(to)
    assert second["packing"].held.packets == -9
    assert second["packing"].left.packets == 10
    assert first["capture"].id != second["capture"].id


def test_a_snap_length_is_missing_not_dropped(tmp_path: Path) -> None:
    path = tmp_path / "a.pcap"
    path.write_bytes(pcap([flow(1000), flow(1001)], snap_bytes=60))
    source, to = CaptureFile(str(path)), packer()
    blocks = records(to.read(source, 1000) + to.end())
    assert {packet[2] for block in blocks for packet in packets(block)} == {2}
    assert ledger(to)["capture"].missing["snap_length"] == Amount(packets=2, bytes=2 * 94)


def test_a_cut_file_is_read_to_the_cut(tmp_path: Path) -> None:
    path = tmp_path / "a.pcap"
    path.write_bytes(pcap([flow(1000), flow(1001)])[:-54])
    source, to = CaptureFile(str(path)), packer()
    blocks = records(to.read(source, 1000) + to.end())
    assert source.done
    assert source.damage is not None
    assert "inside a packet" in source.damage
    assert "after 1 packets" in source.damage
    assert sum(block.packets for block in blocks) == 1
    entry = ledger(to)["capture"]
    assert entry.dropped["cut_packet"] == Amount(packets=1, bytes=100)
    assert entry.missing["damage"] == Amount(packets=0, bytes=54)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "is empty"),
        (b"GET / HTTP/1.1\r\nHost: example.com\r\n\r\n", "is a text file"),
        (bytes(range(1, 60)), "neither as pcap nor as pcapng"),
        (pcap([])[:20], "ends inside its file header"),
        (pcap([], link=147), "link type 147"),
        (gzip.compress(b""), "is empty"),
    ],
)
def test_what_is_no_capture_is_refused_with_a_sentence(
    tmp_path: Path, data: bytes, said: str
) -> None:
    path = tmp_path / "a.pcap"
    path.write_bytes(data)
    with pytest.raises(ValueError, match=said):
        CaptureFile(str(path))


def test_a_missing_file_is_named() -> None:
    with pytest.raises(FileNotFoundError) as caught:
        CaptureFile("/nowhere/a.pcap")
    assert caught.value.filename == "/nowhere/a.pcap"


def test_a_filter_drops_and_is_counted(tmp_path: Path) -> None:
    path = tmp_path / "a.pcap"
    path.write_bytes(pcap([flow(1000), flow(1001)]))
    port_1000 = [(0x28, 0, 0, 34), (0x15, 0, 1, 1000), (0x06, 0, 0, 65535), (0x06, 0, 0, 0)]
    source, to = CaptureFile(str(path), bpf=port_1000), packer()
    to.read(source, 1000)
    to.end()
    entry = ledger(to)["capture"]
    assert (entry.left.packets, entry.dropped["filter"].packets) == (1, 1)
    with pytest.raises(ValueError, match="jump out of the program"):
        CaptureFile(str(path), bpf=[(0x05, 0, 0, 9), (0x06, 0, 0, 0)])


def test_subnet_rules_are_counted_by_name(tmp_path: Path) -> None:
    path = tmp_path / "a.pcap"
    far = (NOW_US, ether(ip(tcp(), source="192.0.2.1", destination="192.0.2.2")))
    path.write_bytes(pcap([flow(1000), far]))
    source, to = CaptureFile(str(path)), packer(subnets=[("lab", "exclude", "192.0.2.0/24")])
    to.read(source, 1000)
    to.end()
    entry = ledger(to)["capture"]
    assert entry.dropped == {"subnet:lab": Amount(packets=1, bytes=54)}
    with pytest.raises(ValueError, match="subnet rule lab"):
        packer(subnets=[("lab", "exclude", "somewhere")])


def test_a_live_clock_moves_without_packets() -> None:
    to = packer()
    assert to.tick(NOW_US) == []
    beats = records(to.tick(NOW_US + SECOND_US))
    assert [(block.kind, block.partition) for block in beats] == [
        ("heartbeat", partition) for partition in range(4)
    ]


def test_tagged_flows_part_only_where_asked(tmp_path: Path) -> None:
    frames = [(NOW_US, ether(ip(tcp()), tags=[tag])) for tag in range(40)]

    def homes(vlan_in_flow: bool) -> set[int]:
        blocks = packed(pcap(frames), tmp_path, vlan_in_flow=vlan_in_flow)
        return {block.partition for block in blocks if block.kind == "data"}

    assert len(homes(vlan_in_flow=False)) == 1
    assert len(homes(vlan_in_flow=True)) == 4
