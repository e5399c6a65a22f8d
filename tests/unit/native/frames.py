"""Frames and capture files made by hand, so that the tests know every byte."""

import struct
from collections.abc import Iterable
from ipaddress import ip_address

from sidetap_native import Block, Packer

from schemas.codec import decode
from schemas.types import LedgerEntry, PacketBlock

SECOND_US = 1_000_000
NOW_US = 1_700_000_000 * SECOND_US
HEAD = struct.Struct("<qqIIHHHHI")


def ip(
    payload: bytes,
    *,
    protocol: int = 6,
    source: str = "10.0.0.1",
    destination: str = "10.0.0.2",
    identity: int = 0,
    place: int = 0,
) -> bytes:
    """An IPv4 packet; `place` is its flags and fragment offset."""
    ends = ip_address(source).packed + ip_address(destination).packed
    head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(payload), identity, place, 64, protocol, 0)
    return head + ends + payload


def tcp(payload: bytes = b"", *, source: int = 40000, destination: int = 80) -> bytes:
    """A TCP segment without options."""
    return struct.pack(">HHIIBBHHH", source, destination, 1, 1, 0x50, 0x18, 512, 0, 0) + payload


def ether(payload: bytes, *, number: int = 0x0800, tags: Iterable[int] = ()) -> bytes:
    """An Ethernet frame, with 802.1Q tags if wanted."""
    tagged = b"".join(struct.pack(">HH", 0x8100, tag) for tag in tags)
    return b"\2" * 6 + b"\4" * 6 + tagged + struct.pack(">H", number) + payload


def pcap(frames: Iterable[tuple[int, bytes]], *, link: int = 1, snap_bytes: int = 65535) -> bytes:
    """A pcap file of (time in microseconds, frame)."""
    out = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, snap_bytes, link)
    for at_us, frame in frames:
        kept = frame[:snap_bytes]
        out += struct.pack("<IIII", *divmod(at_us, SECOND_US), len(kept), len(frame)) + kept
    return out


def packer(**settings: object) -> Packer:
    """A Packer with settings that rarely matter filled in."""
    given = {"site": "default", "agent": "a.pcap", "epoch": "e", "partitions": 4} | settings
    return Packer(**given)  # type: ignore[arg-type]


def records(blocks: Iterable[Block]) -> list[PacketBlock]:
    """Blocks as fastavro reads them, checked against what the native side says of them."""
    out = []
    for block in blocks:
        record = decode(block.record)
        assert isinstance(record, PacketBlock)
        assert (record.partition, record.sequence) == (block.partition, block.sequence)
        assert record.clock_us == block.clock_us
        out.append(record)
    return out


def packets(block: PacketBlock) -> list[tuple[int, int, int, bytes]]:
    """(time, clock, flags, frame) of a block's packets."""
    out, at = [], 0
    while at < len(block.data):
        at_us, clock_us, length, _wire, _ip, _tcp, _vlan, flags, _vni = HEAD.unpack_from(
            block.data, at
        )
        at += HEAD.size
        out.append((at_us, clock_us, flags, block.data[at : at + length]))
        at += length
    return out


def ledger(of: Packer) -> dict[str, LedgerEntry]:
    """What the packer says since the last call, by layer; each entry balances."""
    entries: dict[str, LedgerEntry] = {}
    for data in of.ledger():
        entry = decode(data)
        assert isinstance(entry, LedgerEntry)
        for unit in ("packets", "bytes"):
            dropped = sum(getattr(amount, unit) for amount in entry.dropped.values())
            explained = getattr(entry.left, unit) + dropped + getattr(entry.held, unit)
            assert getattr(entry.entered, unit) == explained
        entries[entry.layer] = entry
    return entries
