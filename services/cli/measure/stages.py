"""Our own work, measured stage by stage in CPU seconds of this process."""

import time
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path

from sidetap_native import CaptureFile, Exchange, Packer, Reassembler

from schemas.codec import decode_as
from schemas.types import LedgerEntry
from services.cli.chunks import LETTERS_A_CHUNK, PARTITIONS
from services.cli.one_process import ALL, service
from services.runtime.core import Output
from services.runtime.inline import Pipeline
from services.runtime.settings import Deployment

PACKETS_A_READ = 8_192
EXCHANGES_A_CHUNK = 500


def timed(work: Callable[[], object]) -> float:
    """CPU seconds that a call takes, all threads of this process."""
    began = time.process_time()
    work()
    return time.process_time() - began


def blocks(capture: Path) -> Iterator[bytes]:
    """PacketBlock records of a file."""
    packer = Packer(site="bench", agent=capture.name, epoch="bench", partitions=PARTITIONS)
    source = CaptureFile(str(capture))
    while not source.done:
        yield from (block.record for block in packer.read(source, PACKETS_A_READ))
    yield from (block.record for block in packer.end())


def exchanges(capture: Path, *, decode: bool = False) -> Iterator[Output]:
    """Records of the topic `exchanges`; with `decode`, each body is decoded too."""
    reassembler = Reassembler("packets/0")
    records = blocks(capture)
    while chunk := list(islice(records, LETTERS_A_CHUNK)):
        reassembler.feed(chunk)
        for key, record in reassembler.take().outputs:
            if decode and key is not None:
                _decode(Exchange(record))
            yield Output("exchanges", key, record)


def _decode(exchange: Exchange) -> None:
    for message in (exchange.request, exchange.response):
        if message is not None:
            message.body.decoded()


def drain(records: Iterator[object]) -> None:
    """Have all of it made, keep nothing."""
    for _ in records:
        pass


def one_service(name: str, deployment: Deployment, records: Sequence[Output]) -> float:
    """CPU seconds of one service's core over these exchanges; its start is not counted."""
    pipeline = Pipeline([service(name, deployment)], ())
    for first in range(0, len(records), EXCHANGES_A_CHUNK):
        pipeline.feed(records[first : first + EXCHANGES_A_CHUNK])
    return pipeline.cpu_s[name]


def whole_pipeline(deployment: Deployment, capture: Path) -> dict[str, float]:
    """CPU seconds of each stage from the file to findings and operations."""
    pipeline = Pipeline([service(name, deployment) for name in ALL], ())
    stages = {"capture": 0.0}
    records = blocks(capture)
    while True:
        began = time.process_time()
        chunk = [Output("packets", None, r, 0) for r in islice(records, LETTERS_A_CHUNK)]
        stages["capture"] += time.process_time() - began
        if not chunk:
            return stages | pipeline.cpu_s
        pipeline.feed(chunk)


def packets(capture: Path) -> int:
    """How many packets the capture layer counted in."""
    packer = Packer(site="bench", agent=capture.name, epoch="bench", partitions=PARTITIONS)
    source = CaptureFile(str(capture))
    while not source.done:
        packer.read(source, PACKETS_A_READ)
    packer.end()
    entries = [decode_as(LedgerEntry, record) for record in packer.ledger()]
    return sum(entry.entered.packets for entry in entries if entry.layer == "capture")
