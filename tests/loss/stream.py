"""The TCP packets of a capture as the packer wrote them, to be thinned out and packed again."""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from schemas.codec import decode_as, encode
from schemas.types import PacketBlock
from tests.golden.lines import blocks_of

_HEAD = struct.Struct("<qqIIHHHHI")
_TCP = struct.Struct(">HHI")
BLOCK_PACKETS = 2_000

End = tuple[bytes, int]


@dataclass(frozen=True, slots=True)
class Segment:
    """One packet: its bytes in a block, and what its TCP header says."""

    raw: bytes
    clock_us: int
    source: End
    target: End
    seq: int
    length: int


def segments_of(capture: Path) -> list[Segment]:
    """All packets of a capture that reach reassembly, tunnels and fragments undone."""
    found = []
    for record in blocks_of(capture):
        data, at = decode_as(PacketBlock, record).data, 0
        while at < len(data):
            head = _HEAD.unpack_from(data, at)
            end = at + _HEAD.size + head[2]
            found.append(_segment(data[at:end], head))
            at = end
    return found


def _segment(raw: bytes, head: tuple[int, ...]) -> Segment:
    ip = raw[_HEAD.size + head[4] :]
    tcp = raw[_HEAD.size + head[5] :]
    if ip[0] >> 4 == 4:
        hosts, on_wire = (ip[12:16], ip[16:20]), int.from_bytes(ip[2:4])
    else:
        hosts, on_wire = (ip[8:24], ip[24:40]), 40 + int.from_bytes(ip[4:6])
    if len(tcp) < 20:
        return Segment(raw, head[1], (hosts[0], 0), (hosts[1], 0), 0, 0)
    ports = _TCP.unpack_from(tcp)
    length = on_wire - (head[5] - head[4]) - (tcp[12] >> 4) * 4
    seq = ports[2] + (tcp[13] >> 1 & 1)
    return Segment(
        raw, head[1], (hosts[0], ports[0]), (hosts[1], ports[1]), seq, max(0, min(length, len(tcp)))
    )


def packed(segments: Sequence[Segment]) -> list[bytes]:
    """The packets as blocks of one agent, with its end."""
    records = []
    clock_us = segments[0].clock_us if segments else 0
    for start in range(0, len(segments), BLOCK_PACKETS):
        part = segments[start : start + BLOCK_PACKETS]
        records.append(_block(part, len(records), clock_us, "data"))
        clock_us = part[-1].clock_us
    return [*records, _block([], len(records), clock_us, "end")]


def _block(part: Sequence[Segment], sequence: int, clock_us: int, kind: str) -> bytes:
    data = b"".join(segment.raw for segment in part)
    return encode(
        PacketBlock(
            site="golden", agent="tap", epoch="e", partition=0, partitions=1, sequence=sequence,
            kind="end" if kind == "end" else "data", clock_us=clock_us, packets=len(part),
            captured_bytes=len(data), data=data,
        )
    )  # fmt: skip
