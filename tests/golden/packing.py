"""Golden cases of links, tunnels and fragments: a small capture and what is packed from it.

A case is a folder of links/ with make.py (scapy: `LINK`, `packets()`), capture.pcap and
expected.jsonl. `python -m tests.golden.packing` writes both anew; the diff is the review.
"""

import importlib
import json
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sidetap_native import CaptureFile, Packer

from schemas.codec import decode

FOLDER = Path(__file__).parent / "links"
CASES = sorted(path.parent.name for path in FOLDER.glob("*/make.py"))
START_S = 1_700_000_000
HEAD = struct.Struct("<qqIIHHHHI")
PARTITIONS = 4


def capture(case: str) -> bytes:
    """The case's capture as its make.py builds it."""
    make: Any = importlib.import_module(f"tests.golden.links.{case}.make")
    out = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262_144, make.LINK)
    for at_us, frame in make.packets():
        seconds, us = divmod(at_us, 1_000_000)
        out += struct.pack("<IIII", START_S + seconds, us, len(frame), len(frame)) + frame
    return out


def packed(path: Path) -> Iterator[dict[str, Any]]:
    """A line for each packet that was packed, then what the ledger says."""
    source = CaptureFile(str(path))
    packer = Packer(site="default", agent=path.name, epoch="golden", partitions=PARTITIONS)
    blocks = []
    while not source.done:
        blocks += packer.read(source, 1000)
    for block in [*blocks, *packer.end()]:
        yield from lines(decode(block.record))
    for record in packer.ledger():
        entry = decode(record)
        amounts = {name: [a.packets, a.bytes] for name, a in sorted(entry.dropped.items())}
        line = {"layer": entry.layer, "entered": entry.entered.packets, "dropped": amounts}
        yield line | {"left": entry.left.packets, "held": entry.held.packets}


def lines(block: Any) -> Iterator[dict[str, Any]]:
    """The packets of one block."""
    at = 0
    while at < len(block.data):
        at_us, _, length, _, ip, tcp, vlan, flags, vni = HEAD.unpack_from(block.data, at)
        frame = block.data[at + HEAD.size : at + HEAD.size + length]
        at += HEAD.size + length
        yield {
            "at_us": at_us - START_S * 1_000_000,
            "partition": block.partition,
            "joined": bool(flags & 1),
            "vlan": None if vlan == 0xFFFF else vlan,
            "vni": None if vni == 0xFFFFFFFF else vni,
            "ip": frame[ip : ip + 1].hex(),
            "tcp": frame[tcp:].hex(),
        }


def text(path: Path) -> str:
    """expected.jsonl for a capture."""
    return "".join(json.dumps(line) + "\n" for line in packed(path))


def main() -> None:
    """Write every case anew."""
    for case in CASES:
        path = FOLDER / case / "capture.pcap"
        path.write_bytes(capture(case))
        path.with_name("expected.jsonl").write_text(text(path))


if __name__ == "__main__":
    main()
