"""Traffic through discovery: observed by partition, and merged in several orders."""

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from zlib import crc32

from sidetap_native import Exchange as NativeExchange

from schemas.codec import decode
from schemas.types import Exchange
from services.discovery.merge import MergeCore
from services.discovery.observe import ObserveCore
from services.discovery.settings import Settings
from services.runtime.core import Event, Output, Row
from tests.inventory import Operations, inventory
from tests.traffic import events, watermark

# A promise follows so many records of a partition.
RECORDS_A_MARK = 4_000
# Sightings between commits; a worker of one order is begun anew after so many of these.
BATCH, BATCHES_A_LIFE = 50, 8
END_US = 2**51


@dataclass(slots=True)
class _Partition:
    """One partition of `exchanges` with its observer."""

    number: int
    core: ObserveCore
    offset: int = 0
    waiting: list[Exchange] = field(default_factory=list)
    told: list[Output] = field(default_factory=list)

    def add(self, record: Exchange) -> None:
        """Take a record; with enough of them, the promise that all up to the last came."""
        self.waiting.append(record)
        if len(self.waiting) >= RECORDS_A_MARK:
            self.mark(max(one.at_us for one in self.waiting), ended=False)

    def mark(self, at_us: int, *, ended: bool) -> None:
        """Take what waits, and a promise."""
        promise = replace(watermark(0, released=ended), at_us=at_us)
        self.core.feed(
            events([*self.waiting, promise], partition=self.number, first=self.offset)
        )  # fmt: skip
        self.offset += len(self.waiting) + 1
        self.waiting = []
        changes = self.core.take()
        assert changes.rejected == []
        self.told += changes.outputs


def observed(
    traffic: Iterable[Exchange], partitions: int, settings: Settings
) -> tuple[list[list[Output]], int]:
    """Sightings by partition, and how many records there were."""
    those = [
        _Partition(number, ObserveCore(number, NativeExchange, settings))
        for number in range(partitions)
    ]
    total = 0
    for record in traffic:
        total += 1
        those[crc32(record.client_ip.encode()) % partitions].add(record)
    for partition in those:
        partition.mark(END_US, ended=True)
    return [partition.told for partition in those], total


def in_orders(told: Sequence[list[Output]], seed: int, settings: Settings) -> list[Operations]:
    """The inventory from partitions in turns, one behind the other, and mixed with restarts."""
    chance = random.Random(seed)
    longest = max(map(len, told))
    turns = [part[i] for i in range(longest) for part in told if i < len(part)]
    behind = [out for part in reversed(told) for out in part]
    parts = [list(reversed(part)) for part in told]
    mixed = []
    while any(parts):  # each keeps its own order
        mixed.append(chance.choice([part for part in parts if part]).pop())
    return [
        merged(turns, settings), merged(behind, settings), merged(mixed, settings, restarts=True),
    ]  # fmt: skip


def merged(
    sightings: Sequence[Output], settings: Settings, *, restarts: bool = False
) -> Operations:
    """The inventory; with restarts, from cores that know only the rows that others left."""
    core, stored = MergeCore(settings), dict[bytes, bytes]()
    said: list[bytes] = []
    for number, start in enumerate(range(0, len(sightings), BATCH)):
        if restarts and number % BATCHES_A_LIFE == 0:
            core = MergeCore(settings)
            core.restore([Row(key, value) for key, value in stored.items()])
        batch = sightings[start : start + BATCH]
        core.feed([Event("sightings", 0, start + i, o.key, o.value) for i, o in enumerate(batch)])
        changes = core.take()
        assert changes.rejected == []
        said += [out.value for out in changes.outputs if out.value and out.topic == "endpoints"]
        for row in changes.rows if restarts else ():
            stored.pop(row.key, None)
            if row.value is not None:
                stored[row.key] = row.value
    return inventory(map(decode, said))
