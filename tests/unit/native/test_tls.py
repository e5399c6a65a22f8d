"""TLS opened with the key log of a real client; without one, what the handshake says."""

import ssl
from collections.abc import Sequence
from pathlib import Path

import pytest
from sidetap_native import Batch, Exchange, Reassembler, key_log_line

from schemas.codec import decode_as
from schemas.types import LedgerEntry
from tests.golden import frames as h2
from tests.packet_blocks import SECOND_US, Packet, blocks
from tests.tls_pair import Contexts, Pair, Terms, teach

# Old versions are read on purpose: they are still spoken.
pytestmark = pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")

GET = b"GET /%d HTTP/1.1\r\nHost: shop.example\r\n\r\n"
BODY = bytes(range(256)) * 200
OK = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(BODY) + BODY
V10, V11 = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
V12, V13 = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3
SUITES = [
    Terms(),
    *(
        Terms(version=V12, suites=f"ECDHE-ECDSA-{suite}")
        for suite in (
            "AES128-GCM-SHA256", "AES256-GCM-SHA384", "CHACHA20-POLY1305", "AES128-CCM",
            "AES256-CCM8", "AES128-SHA", "AES256-SHA384", "CAMELLIA128-SHA256",
            "ARIA256-GCM-SHA384",
        )
    ),
    Terms(version=V12, suites="ECDHE-ECDSA-AES128-SHA256", mac_last=False),
    Terms(version=V12, suites="AECDH-NULL-SHA"),
    Terms(version=V11, suites="ECDHE-ECDSA-AES256-SHA"),
    Terms(version=V10, suites="ECDHE-ECDSA-AES128-SHA", mac_last=False),
]  # fmt: skip


@pytest.fixture
def contexts(tmp_path: Path) -> Contexts:
    return Contexts(Terms(), tmp_path / "keys")


def shop(pair: Pair, visits: int = 2) -> list[Packet]:
    for number in range(visits):
        pair.ask(GET % number)
        pair.answer(OK)
    return pair.packets


def taught(contexts: Contexts) -> Reassembler:
    reassembler = Reassembler("packets/0")
    teach(reassembler, contexts)
    return reassembler


def read(packets: Sequence[Packet], contexts: Contexts, cuts: Sequence[int] = ()) -> Batch:
    reassembler = taught(contexts)
    assert reassembler.feed(blocks(packets, cuts)) == []
    return reassembler.take()


def exchanges(batch: Batch) -> list[Exchange]:
    last = {one.id: one for one in (Exchange(record) for key, record in batch.outputs if key)}
    return sorted(last.values(), key=lambda one: one.at_us)


def totals(batch: Batch) -> dict[str, int]:
    """Bytes of reassembly's ledger: entered, left, and by cause; what remains must be nothing."""
    entries = [decode_as(LedgerEntry, entry) for entry in batch.ledger]
    found = {"residual": 0}
    for entry in entries:
        if entry.layer == "reassembly":
            dropped = sum(amount.bytes for amount in entry.dropped.values())
            found["residual"] += entry.entered.bytes - entry.left.bytes - dropped - entry.held.bytes
    return found


def is_whole(one: Exchange, number: int) -> bool:
    request, response = one.request, one.response
    if request is None or response is None:
        return False
    return (request.target, response.body.kept) == (b"/%d" % number, BODY) and not one.anomalies


@pytest.mark.parametrize("terms", SUITES, ids=lambda terms: f"{terms.version.name}-{terms.suites}")
def test_a_session_is_read_with_its_key_log(terms: Terms, tmp_path: Path) -> None:
    contexts = Contexts(terms, tmp_path / "keys")
    batch = read(shop(Pair(contexts)), contexts)
    found = exchanges(batch)
    assert len(found) == 2
    assert all(is_whole(one, number) for number, one in enumerate(found))
    version = {V10: "1.0", V11: "1.1", V12: "1.2", V13: "1.3"}[terms.version]
    said = [one.tls for one in found if one.tls]
    assert [tls[:3] for tls in said] == [("shop.example", "http/1.1", version)] * 2
    assert all((tls[3] or "").startswith("t") for tls in said)
    assert totals(batch)["residual"] == 0


@pytest.mark.parametrize("version", [V12, V13])
def test_a_resumed_session_is_read_too(version: ssl.TLSVersion, tmp_path: Path) -> None:
    contexts = Contexts(Terms(version=version), tmp_path / "keys")
    first = Pair(contexts)
    shop(first, 1)
    again = Pair(contexts, resumed=first.client.session)
    found = exchanges(read(shop(again), contexts))
    assert again.client.session_reused
    assert [is_whole(one, number) for number, one in enumerate(found)] == [True, True]


def test_http2_is_found_by_content(tmp_path: Path) -> None:
    contexts = Contexts(Terms(protocol="h2"), tmp_path / "keys")
    pair = Pair(contexts)
    pair.ask(h2.PREFACE + h2.frame(h2.SETTINGS, 0, 0))
    pair.answer(h2.frame(h2.SETTINGS, 0, 0))
    last = h2.END_STREAM | h2.END_HEADERS
    asks = h2.GET + h2.HTTP + h2.ROOT + h2.plain(h2.AUTHORITY, b"shop.example")
    pair.ask(h2.frame(h2.HEADERS, last, 1, asks))
    pair.answer(h2.frame(h2.HEADERS, last, 1, h2.NO_CONTENT))
    (one,) = exchanges(read(pair.packets, contexts))
    assert (one.protocol, one.stream, one.host) == ("http/2", 1, "shop.example")
    assert one.response
    assert one.response.status == 204


@pytest.mark.parametrize("mss", [7, 1_400, 30_000])
@pytest.mark.parametrize("terms", [SUITES[0], SUITES[1], SUITES[-1]], ids=["1.3", "gcm", "cbc"])
def test_where_segments_and_blocks_are_cut_does_not_matter(
    terms: Terms, mss: int, tmp_path: Path
) -> None:
    contexts = Contexts(terms, tmp_path / "keys")
    packets = shop(Pair(contexts, mss=mss), 1)
    whole = read(packets, contexts)
    assert is_whole(exchanges(whole)[0], 0)
    assert read(packets, contexts, range(0, len(packets), 3)).outputs == whole.outputs


@pytest.mark.parametrize("terms", [SUITES[0], SUITES[1], SUITES[-1]], ids=["1.3", "gcm", "cbc"])
def test_a_worker_that_takes_over_goes_on(terms: Terms, tmp_path: Path) -> None:
    """After every packet, in the middle of records and of the handshake; it knows no secret."""
    contexts = Contexts(terms, tmp_path / "keys")
    packets = shop(Pair(contexts, mss=900))
    whole = read(packets, contexts)
    rows: dict[bytes, bytes] = {}
    outputs, ledger = [], []
    for number, record in enumerate(blocks(packets, range(len(packets)))):
        # Those of the session are in the flow's own row once they were used.
        handshake = number < len(packets) // 4
        reassembler = taught(contexts) if handshake else Reassembler("packets/0")
        reassembler.restore(list(rows.items()))
        assert reassembler.feed([record]) == []
        batch = reassembler.take()
        outputs += batch.outputs
        ledger += batch.ledger
        for key, row in batch.rows:
            if row is None:
                rows.pop(key, None)
            else:
                rows[key] = row
    assert outputs == whole.outputs
    assert ledger == whole.ledger
    assert not [key for key in rows if key[:1] in b"ftp"]


@pytest.mark.parametrize("terms", [SUITES[0], SUITES[1], SUITES[5]], ids=["1.3", "gcm", "ccm"])
@pytest.mark.parametrize("lost", [1, 2, 13])
def test_a_hole_costs_what_was_in_it(terms: Terms, lost: int, tmp_path: Path) -> None:
    """Its bytes are missing from the body, and the next exchange is whole."""
    contexts = Contexts(terms, tmp_path / "keys")
    pair = Pair(contexts)
    shop(pair, 1)
    end = len(pair.packets) - 8
    packets = shop(pair, 1)
    found = exchanges(read([*packets[: end - lost], *packets[end:]], contexts))
    assert len(found) == 2
    first, second = (one.response for one in found)
    assert first
    assert second
    assert second.body.kept == BODY
    assert found[1].pairing == "position"
    assert first.body.missing_bytes > 0
    assert "gap_in_body" in found[0].anomalies
    assert len(first.body.kept) + first.body.missing_bytes == len(BODY)


def test_bytes_wait_for_a_late_key(contexts: Contexts) -> None:
    pair = Pair(contexts)
    *records, end = blocks(shop(pair), range(len(pair.packets)))
    reassembler = Reassembler("packets/0")
    reassembler.expect_keys()
    reassembler.feed(records[:-1])
    assert not exchanges(reassembler.take())
    teach(reassembler, contexts)
    reassembler.feed([records[-1], end])
    found = exchanges(reassembler.take())
    assert [is_whole(one, number) for number, one in enumerate(found)] == [True, True]


def test_a_key_that_does_not_come_is_waited_for_so_long_only(contexts: Contexts) -> None:
    pair = Pair(contexts)
    shop(pair)
    pair.wait(6 * SECOND_US)
    packets = shop(pair, 1)
    *records, end = blocks(packets, range(len(packets)))
    reassembler = Reassembler("packets/0")
    reassembler.expect_keys()
    reassembler.feed(records)
    early = reassembler.take()
    assert early.counts["encrypted_flows"] == 1
    teach(reassembler, contexts)
    reassembler.feed([end])
    late = reassembler.take()
    assert not exchanges(early) + exchanges(late)


def test_without_a_key_everything_is_counted_as_encrypted(contexts: Contexts) -> None:
    packets = shop(Pair(contexts))
    reassembler = Reassembler("packets/0")
    reassembler.feed(blocks(packets))
    batch = reassembler.take()
    assert not exchanges(batch)
    assert batch.counts["encrypted_flows"] == 1
    (entry,) = (
        found
        for found in (decode_as(LedgerEntry, entry) for entry in batch.ledger)
        if found.layer == "reassembly"
    )
    assert entry.entered == entry.dropped["encrypted"]


def test_one_direction_is_read_alone(contexts: Contexts) -> None:
    """The server's hello was not seen: the suite is the one that opens its records."""
    packets = shop(Pair(contexts))
    asked = [packet for packet in packets if packet.frame[26:30] == b"\n\0\0\1"]
    found = exchanges(read(asked, contexts))
    targets = [one.request.target for one in found if one.request]
    assert targets == [b"/0", b"/1"]


def test_no_secret_leaves(contexts: Contexts) -> None:
    batch = read(shop(Pair(contexts)), contexts)
    told = b"".join(record for _, record in batch.outputs) + b"".join(batch.ledger)
    told += repr(batch.counts).encode()
    secrets = contexts.secrets()
    assert len(secrets) >= 4
    for _, _, secret in secrets:
        assert secret not in told
        assert secret.hex().encode() not in told


def test_lines_of_a_key_log() -> None:
    random = "ab" * 32
    assert key_log_line(f"CLIENT_RANDOM {random} 01") == (b"\xab" * 32, "CLIENT_RANDOM", b"\1")
    assert key_log_line("# SSL/TLS secrets log file") is None
