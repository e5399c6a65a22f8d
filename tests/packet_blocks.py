"""PacketBlock records made of packets in Python, for tests that choose every packet themselves.

Frames are Ethernet, IPv4 without options, TCP or UDP: as in the golden cases of both.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from schemas.codec import encode
from schemas.types import BlockKind, PacketBlock

SECOND_US = 1_000_000
START_US = 1_700_000_000 * SECOND_US
IP_OFFSET, TCP_OFFSET = 14, 34
_PACKET = struct.Struct("<qqIIHHHHI")
_NO_VLAN, _NO_VNI = 0xFFFF, 0xFFFF_FFFF
FIN, SYN, RST, ACK = 1, 2, 4, 16
FLAG_UDP = 4


@dataclass(frozen=True, slots=True)
class Packet:
    """One captured frame."""

    at_us: int
    frame: bytes
    wire_bytes: int


def read_pcap(path: Path) -> list[Packet]:
    """The packets of a little-endian microsecond pcap, as make.py writes them."""
    data = path.read_bytes()
    packets, at = [], 24
    while at < len(data):
        seconds, us, kept, wire = struct.unpack_from("<IIII", data, at)
        frame = data[at + 16 : at + 16 + kept]
        packets.append(Packet(seconds * SECOND_US + us, frame, wire))
        at += 16 + kept
    return packets


def segment(
    data: bytes = b"",
    *,
    at_us: int = START_US,
    to_server: bool = True,
    seq: int = 0,
    ack: int | None = None,
    flags: int = 0,
    port: int = 40_000,
) -> Packet:
    """A packet between 10.0.0.1:port and 10.0.0.2:80."""
    ports = (port, 80) if to_server else (80, port)
    hosts = (b"\n\0\0\1", b"\n\0\0\2")
    ends = hosts[0] + hosts[1] if to_server else hosts[1] + hosts[0]
    flags |= 0 if ack is None else ACK
    tcp = struct.pack(">HHIIBBHHH", *ports, seq, ack or 0, 0x50, flags, 512, 0, 0) + data
    ip = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(tcp), 0, 0, 64, 6, 0) + ends
    frame = b"\2" * 6 + b"\4" * 6 + b"\x08\x00" + ip + tcp
    return Packet(at_us, frame, len(frame))


def _flags(packet: Packet) -> int:
    is_udp = packet.frame[IP_OFFSET + 9] == 17
    return FLAG_UDP if is_udp else 0


def block(
    packets: Sequence[Packet],
    sequence: int,
    clock_us: int,
    *,
    kind: BlockKind = "data",
    agent: str = "tap",
    site: str = "golden",
    epoch: str = "e",
) -> bytes:
    """One record; `clock_us` is the agent's clock before it, and rises with the packets."""
    data = bytearray()
    for packet in packets:
        clock_us = max(clock_us, packet.at_us)
        data += _PACKET.pack(
            packet.at_us, clock_us, len(packet.frame), packet.wire_bytes,
            IP_OFFSET, TCP_OFFSET, _NO_VLAN, _flags(packet), _NO_VNI,
        )  # fmt: skip
        data += packet.frame
    return encode(
        PacketBlock(
            site=site, agent=agent, epoch=epoch, partition=0, partitions=1,
            sequence=sequence, kind=kind,
            clock_us=clock_us, packets=len(packets),
            captured_bytes=sum(len(packet.frame) for packet in packets), data=bytes(data),
        )
    )  # fmt: skip


def blocks(packets: Sequence[Packet], cuts: Sequence[int] = ()) -> list[bytes]:
    """Packets in blocks that end at `cuts`, and an end block."""
    records, clock_us = [], 0
    bounds = [0, *sorted({cut for cut in cuts if 0 < cut < len(packets)}), len(packets)]
    for sequence, (start, end) in enumerate(pairwise(bounds)):
        records.append(block(packets[start:end], sequence, clock_us))
        clock_us = max([clock_us, *(packet.at_us for packet in packets[start:end])])
    return [*records, block([], len(bounds) - 1, clock_us, kind="end")]
