"""Every capture of the shared collection through Kafka, each a site of its own."""

import time
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

from schemas.codec import decode_as
from schemas.types import LedgerEntry
from services.capture.files import capture_files
from services.capture.settings import Settings
from services.capture.taps import UnreadableError
from services.reassembly import settings as reassembly
from services.runtime.core import Output
from services.runtime.kafka_local import LocalKafka
from tests.broker.packet_path import (
    BLOCK_BYTES,
    TREE,
    PacketPath,
    direct,
    entries_of,
    letters,
    make_topics,
    plain,
    residual,
    sums,
    wait_for,
)

AGENTS = 8
COLLECTION = TREE.parent / "shared" / "captures" / "caps"

pytestmark = pytest.mark.skipif(
    not COLLECTION.is_dir(), reason="the collection ../shared/captures is not here"
)


@pytest.fixture
def path(tmp_path: Path) -> Iterator[PacketPath]:
    """A broker, yet without a worker."""
    local = LocalKafka().start()
    make_topics(local.bootstrap)
    running = PacketPath(local.bootstrap, tmp_path / "data")
    yield running
    running.stop()
    local.stop()


def send(path: PacketPath, site: str, file: Path) -> bool:
    """Send a file whole; false when it is no capture."""
    settings = Settings(site=site, block_bytes=BLOCK_BYTES, data=path.data)
    try:
        (report,) = capture_files([str(file)], settings, path.kafka, say=lambda _: None)
    except UnreadableError:
        return False
    return report.complete


def send_all(path: PacketPath, files: list[Path]) -> dict[str, Path]:
    """Each readable file under a site of its own; an agent mostly waits for its first answer."""
    sites = {f"c{number}": file for number, file in enumerate(files)}
    with ThreadPoolExecutor(AGENTS) as pool:
        sent = list(pool.map(lambda item: send(path, *item), sites.items()))
    return {site: file for (site, file), done in zip(sites.items(), sent, strict=True) if done}


def give_keys(path: PacketPath, files: list[Path]) -> None:
    """All secrets, before the worker starts: what comes when decides on what is said first."""
    keys = []
    for file in files:
        with suppress(UnreadableError):
            keys += [letter for letter in letters([file], "any") if letter.topic == "keys"]
    path.post(keys)


@pytest.mark.timeout(1_200)
def test_each_gives_what_the_direct_path_gives(path: PacketPath) -> None:
    files = sorted(COLLECTION.iterdir())
    begun = time.monotonic()
    give_keys(path, files)
    path.work()
    sent = send_all(path, files)
    wait_for("all of it", path.drained, 600)
    exchanges: dict[str, list[Output]] = defaultdict(list)
    for output in path.records("exchanges"):
        if output.key is not None:
            exchanges[output.key.split(b"/")[0].decode()].append(output)
    entries: dict[str, list[LedgerEntry]] = defaultdict(list)
    for output in path.records("ledger"):
        entry = decode_as(LedgerEntry, output.value or b"")
        entries[entry.site].append(entry)
    wrong: list[str] = []
    for site, file in sent.items():
        wanted = direct([file], site, reassembly.Settings(tls_keys=True))
        by_layer = sums(entries[site])
        if plain(exchanges[site]) != plain(wanted):
            wrong.append(f"{file.name}: other exchanges")
        if by_layer != sums(entries_of(wanted)):
            wrong.append(f"{file.name}: another ledger")
        wrong += [f"{file.name}: {n} {r}" for n in by_layer if (r := residual(by_layer[n]))]
    records = sum(map(len, exchanges.values()))
    print(
        f"{len(sent)} of {len(files)} captures, {records} exchange records, "
        f"{len(wrong)} differences, {time.monotonic() - begun:.0f} s"
    )
    assert records > 0
    assert wrong == []
