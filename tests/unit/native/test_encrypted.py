"""Flows that stay closed: their records say all bytes of the ledger's `encrypted`, once."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from sidetap_native import CaptureFile, Packer, Reassembler

from schemas.codec import decode_as
from schemas.types import EncryptedFlow, LedgerEntry
from tests.golden.lines import FOLDER, Made
from tests.tls_pair import Contexts, Pair, Terms, teach, write_pcapng

CASES = ("quic_initials", "encrypted_tls")
LATER_BYTES = 7  # What a row of TLS ends with since version 3, where nothing is counted.


def packed(path: Path, block_bytes: int = 262_144) -> tuple[list[bytes], list[LedgerEntry]]:
    source = CaptureFile(str(path))
    packer = Packer(site="s", agent="tap", epoch="e", partitions=1, block_bytes=block_bytes)
    blocks = []
    while not source.done:
        blocks += packer.read(source, 100)
    blocks += packer.end()
    ledger = [decode_as(LedgerEntry, entry) for entry in packer.ledger()]
    return [block.record for block in blocks], ledger


def made(records: Sequence[bytes], *, restarts: bool = False) -> Made:
    reassembler, out, rows = Reassembler("packets/0"), Made(), {}
    for record in records:
        assert reassembler.feed([record]) == []
        if restarts:
            batch = reassembler.take()
            out.add(batch)
            rows |= dict(batch.rows)
            rows = {key: value for key, value in rows.items() if value is not None}
            reassembler = Reassembler("packets/0")
            reassembler.restore(list(rows.items()))
    out.add(reassembler.take())
    assert not restarts or {key[:1] for key in rows} <= {b"s", b"a", b"w"}
    return out


def flows(told: Made) -> list[EncryptedFlow]:
    return [decode_as(EncryptedFlow, record) for record in told.encrypted]


def encrypted_bytes(entries: Sequence[LedgerEntry]) -> int:
    return sum(
        entry.dropped["encrypted"].bytes for entry in entries if "encrypted" in entry.dropped
    )


@pytest.mark.parametrize("case", CASES)
def test_restarts_and_cuts_change_nothing(case: str) -> None:
    path = FOLDER / case / "capture.pcap"
    whole = made(packed(path)[0])
    for block_bytes in (100, 3_000):
        cut = made(packed(path, block_bytes)[0], restarts=True)
        assert (cut.encrypted, cut.exchanges) == (whole.encrypted, whole.exchanges)


@pytest.mark.parametrize("case", CASES)
def test_records_say_what_the_ledger_says(case: str) -> None:
    """Short packets of a flow that nobody knows are in the ledger only."""
    blocks, captured = packed(FOLDER / case / "capture.pcap")
    told = made(blocks)
    ledger = [*captured, *(decode_as(LedgerEntry, entry) for entry in told.ledger)]
    unknown = 100 if case == "quic_initials" else 0
    said = sum(flow.client_bytes + flow.server_bytes for flow in flows(told))
    assert said + unknown == encrypted_bytes(ledger)
    for entry in ledger:
        dropped = sum(amount.bytes for amount in entry.dropped.values())
        assert entry.entered.bytes == entry.left.bytes + entry.held.bytes + dropped


def test_records_are_keyed_by_server() -> None:
    batch = Reassembler("packets/0")
    batch.feed(packed(FOLDER / "quic_initials/capture.pcap")[0])
    assert {key for key, _ in batch.take().encrypted} == {b"s/10.0.0.2"}


def pair(tmp_path: Path) -> tuple[Contexts, Pair]:
    contexts = Contexts(Terms(), tmp_path / "keys")
    talk = Pair(contexts)
    talk.ask(b"GET / HTTP/1.1\r\nHost: shop.example\r\n\r\n")
    talk.answer(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
    return contexts, talk


def test_what_keys_open_is_no_blind_spot(tmp_path: Path) -> None:
    contexts, talk = pair(tmp_path)
    blocks, _ = packed(write_pcapng(tmp_path / "a.pcapng", talk.packets))
    (flow,) = flows(made(blocks))
    assert (flow.server_name, flow.protocol, flow.version) == ("shop.example", "http/1.1", "1.3")
    assert (flow.server_port, flow.transport, flow.over) == (80, "tls", True)
    with_keys = Reassembler("packets/0")
    teach(with_keys, contexts)
    with_keys.feed(blocks)
    batch = with_keys.take()
    assert (len(batch.encrypted), batch.counts["exchanges"]) == (0, 1)


def test_rows_of_version_2_go_on(tmp_path: Path) -> None:
    """A TLS connection of which nothing is counted yet has a row that only ends earlier."""
    _, talk = pair(tmp_path)
    hello = talk.packets[2]
    first = type(hello)(hello.at_us, hello.frame[:-50], hello.wire_bytes - 50)
    start = write_pcapng(tmp_path / "a.pcapng", [*talk.packets[:2], first])
    (block, *_), _ = packed(start)
    before = Reassembler("packets/0")
    before.feed([block])
    rows = {key: value for key, value in before.take().rows if value is not None}
    (key,) = [key for key in rows if key[:1] == b"t"]
    assert rows[key].endswith(bytes(LATER_BYTES))
    older = rows | {key: rows[key][:-LATER_BYTES]}
    older = {k: v if k[:1] == b"p" else b"\x02" + v[1:] for k, v in older.items()}
    after = Reassembler("packets/0")
    after.restore(list(older.items()))
    told = Made()
    for one in (before, after):
        one.feed([packed(start)[0][-1]])
        told.add(one.take())
    assert len(told.encrypted) == 2
    assert told.encrypted[0] == told.encrypted[1]
