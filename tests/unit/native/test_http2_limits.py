"""Limits of HTTP/2: open streams, header blocks, the fields that a block may name."""

from sidetap_native import Batch, Exchange, Reassembler

from tests.golden import frames as h2
from tests.packet_blocks import SYN, block, segment

LAST = h2.END_STREAM | h2.END_HEADERS
ASK = h2.GET + h2.HTTP + h2.ROOT


def asked(said: bytes, **limits: int) -> Batch:
    """What comes of a client's frames in one segment."""
    said = h2.PREFACE + said
    packets = [segment(seq=1_000, flags=SYN), segment(said, seq=1_001, ack=5_001)]
    reassembler = Reassembler("packets/0", limits=limits)
    assert reassembler.feed([block(packets, 0, 0)]) == []
    return reassembler.take()


def exchanges(batch: Batch) -> list[Exchange]:
    return [Exchange(record) for key, record in batch.outputs if key is not None]


def test_open_streams_have_a_limit() -> None:
    said = b"".join(h2.frame(h2.HEADERS, LAST, 2 * n + 1, ASK) for n in range(5))
    batch = asked(said, streams_max=2)
    assert batch.counts["streams_max"] == 3
    assert [one.stream for one in exchanges(batch)] == [1, 3, 5]


def test_a_block_that_names_one_entry_again_and_again_is_cut() -> None:
    block_bytes = ASK + h2.added(b"a", b"x" * 1_000) + h2.known(h2.FIRST_ADDED) * 1_000
    batch = asked(
        h2.frame(h2.HEADERS, LAST, 1, block_bytes) + h2.frame(h2.HEADERS, LAST, 3, ASK),
        head_bytes_max=5_000,
        streams_max=1,
    )
    assert batch.counts["head_bytes_max"] == 1
    (cut,) = exchanges(batch)
    assert cut.anomalies[:1] == ["head_limit"]
    assert cut.request is not None
    assert sum(len(name) + len(value) for name, value in cut.request.headers) <= 5_000


def test_a_block_beyond_the_limit_is_passed_over() -> None:
    flood = h2.frame(h2.HEADERS, h2.END_STREAM, 1, ASK)
    flood += h2.frame(h2.CONTINUATION, 0, 1, h2.plain(b"a", b"x" * 90)) * 100
    after = h2.frame(h2.HEADERS, LAST, 3, ASK) + h2.frame(h2.HEADERS, LAST, 5, ASK)
    batch = asked(flood + after, head_bytes_max=5_000, streams_max=1)
    assert batch.counts["head_bytes_max"] == 1
    assert [one.stream for one in exchanges(batch)] == [3]
