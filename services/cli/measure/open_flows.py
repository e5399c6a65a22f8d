"""What many open connections cost a reassembly worker: memory, state rows, a restore.

In:     how many, in what state they stand; a folder.
Out:    figures of one state, measured in a process of its own.
Keeps:  the made capture in the folder.
"""

import os
import random
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from sidetap_native import CaptureFile, Packer, Reassembler

from services.cli.chunks import PARTITIONS
from services.cli.measure import stages, traffic

FLOWS = 100_000
# All are there before any may end for being idle, or be told as unfinished.
PACKET_US = 2
END_US = traffic.BEGIN_US + 2_000_000
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenFlows:
    """So many connections in one state, none of which has ended."""

    state: str
    flows: int
    resident_bytes: int
    """More memory than the process had before the first packet."""
    state_bytes: int
    """Keys and values of the rows from which a successor restores them."""
    restore_s: float
    """CPU seconds of a new reassembler to have them all."""

    def form(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "kind": "open flows",
            "case": self.state,
            "flows": self.flows,
            "resident_mb": round(self.resident_bytes / 1e6, 1),
            "resident_bytes_a_flow": round(self.resident_bytes / self.flows),
            "state_bytes_a_flow": round(self.state_bytes / self.flows),
            "restore_s": round(self.restore_s, 2),
        }

    def row(self) -> tuple[object, ...]:
        """For a table: what the form says."""
        return tuple(self.form().values())[1:]


def measure(folder: Path, flows: int = FLOWS) -> list[OpenFlows]:
    """Every state after the other."""
    found = []
    for state in traffic.OPEN:
        capture = folder / "open.pcap"
        _write(capture, state, flows)
        # What this process was given before would hide what the flows take.
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as own:
            found.append(own.submit(_measured, capture, state, flows).result())
    return found


def _write(capture: Path, state: str, flows: int) -> None:
    chance = random.Random(1)  # noqa: S311 (traffic, not secrets)
    at_us = traffic.BEGIN_US
    with capture.open("wb") as file:
        file.write(traffic.GLOBAL_HEADER)
        for number in range(flows):
            for frame in traffic.left_open(number, chance, state):
                file.write(traffic.record(frame, at_us))
                at_us += PACKET_US


def _measured(capture: Path, state: str, flows: int) -> OpenFlows:
    before = _resident()
    worker = Reassembler("packets/0")
    for chunk in _chunks(capture):
        worker.feed(chunk)
        worker.take()
    resident = _resident() - before
    rows = _rows(capture)
    heir = Reassembler("packets/0")
    began = time.process_time()
    heir.restore(rows)
    return OpenFlows(
        state=state, flows=flows, resident_bytes=resident,
        state_bytes=sum(len(key) + len(row) for key, row in rows),
        restore_s=time.process_time() - began,
    )  # fmt: skip


def _chunks(capture: Path) -> Iterator[list[bytes]]:
    """PacketBlock records of a capture that goes on: nothing says that it ends."""
    packer = Packer(site="bench", agent="open", epoch="bench", partitions=PARTITIONS)
    source = CaptureFile(str(capture))
    while not source.done:
        yield [block.record for block in packer.read(source, stages.PACKETS_A_READ)]
    yield [block.record for block in packer.tick(END_US)]


def _rows(capture: Path) -> list[tuple[bytes, bytes]]:
    """The changelog as compaction would leave it."""
    worker = Reassembler("packets/0")
    rows: dict[bytes, bytes | None] = {}
    for chunk in _chunks(capture):
        worker.feed(chunk)
        rows.update(worker.take().rows)
    return [(key, row) for key, row in rows.items() if row is not None]


def _resident() -> int:
    """Bytes of this process in memory (proc(5), statm)."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE_BYTES
