"""fastavro is the oracle of the native codec: what one writes, the other reads, field by field."""

import json
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sidetap_native import Exchange, Reassembler

from schemas import codec, registry, types
from tests.golden.lines import CASES, FOLDER, blocks_of, reassemble
from tests.packet_blocks import SYN, Packet, blocks, segment
from tests.properties.avro_values import values

SCHEMA = json.loads((registry.FOLDER / "exchange.avsc").read_text())
BODY = ("wire_bytes", "missing_bytes", "encoding", "complete", "truncated", "kept")
MESSAGE = ("version", "head_bytes", "complete")


def assert_same(native: Exchange, oracle: types.Exchange) -> None:
    """Every field of the schema, read lazily and by fastavro."""
    for name in types.Exchange.__dataclass_fields__:
        if name not in {"anomalies", "tls", "request", "response", "messages"}:
            assert getattr(native, name) == getattr(oracle, name), name
    assert native.anomalies == list(oracle.anomalies)
    tls = oracle.tls
    assert native.tls == (tls and (tls.sni, tls.alpn, tls.version, tls.ja4))
    assert (native.request is None, native.response is None) == (
        oracle.request is None,
        oracle.response is None,
    )
    assert len(native.messages) == len(oracle.messages)
    for seen, wanted in zip(native.messages, oracle.messages, strict=True):
        for name in types.SocketMessage.__dataclass_fields__:
            assert getattr(seen, name) == getattr(wanted, name), name
    if native.request and oracle.request:
        assert native.request.method == oracle.request.method
        assert native.request.target == oracle.request.target
        assert_same_message(native.request, oracle.request)
    if native.response and oracle.response:
        assert native.response.status == oracle.response.status
        assert native.response.reason == oracle.response.reason
        assert native.response.at_us == oracle.response.at_us
        assert_same_message(native.response, oracle.response)


def assert_same_message(native: Any, oracle: Any) -> None:
    for name in MESSAGE:
        assert getattr(native, name) == getattr(oracle, name), name
    assert native.headers == list(oracle.headers)
    assert native.trailers == list(oracle.trailers)
    for name, value in reversed(oracle.headers):
        assert native.header(name.swapcase()) is not None
        assert (name, value) in native.headers
    for name in BODY:
        assert getattr(native.body, name) == getattr(oracle.body, name), name
    assert native.body.gaps == [(gap.offset, gap.bytes) for gap in oracle.body.gaps]


@pytest.mark.parametrize("case", CASES)
def test_what_rust_writes_fastavro_reads(case: str) -> None:
    records = reassemble(blocks_of(FOLDER / case / "capture.pcap")).exchanges
    for record in records:
        oracle = codec.decode_as(types.Exchange, record)
        assert codec.encode(oracle) == record
        assert_same(Exchange(record), oracle)


@given(values(SCHEMA))
@settings(max_examples=150, deadline=None)
def test_what_fastavro_writes_rust_reads(value: dict[str, Any]) -> None:
    oracle = types.Exchange.from_avro(value)
    record = codec.encode(oracle)
    assert_same(Exchange(record), oracle)


@given(values(SCHEMA), st.text(max_size=200), st.text(max_size=200))
@settings(max_examples=60, deadline=None)
def test_relabel_changes_two_fields_only(
    value: dict[str, Any], client: str, application: str
) -> None:
    record = codec.encode(types.Exchange.from_avro(value))
    for given_client in (None, client):
        for given_application in (None, application):
            wanted = dict(value)
            wanted["client_ip"] = value["client_ip"] if given_client is None else client
            wanted["application"] = (
                value["application"] if given_application is None else application
            )
            changed = Exchange(record).relabel(
                client_ip=given_client, application=given_application
            )
            assert changed == codec.encode(types.Exchange.from_avro(wanted))


@given(values(SCHEMA), st.data())
@settings(max_examples=60, deadline=None)
def test_damage_is_a_value_error(value: dict[str, Any], data: st.DataObject) -> None:
    record = codec.encode(types.Exchange.from_avro(value))
    cut = record[: data.draw(st.integers(0, len(record) - 1))]
    with pytest.raises(ValueError, match="not an Exchange record"):
        Exchange(cut)
    with pytest.raises(ValueError, match="bytes follow"):
        Exchange(record + b"\0")


TOKENS = st.sampled_from(
    [
        *(b"GET", b"POST", b" ", b"/a", b" HTTP/1.1", b"\r\n", b"\n", b"Content-Length: 3"),
        *(b"\r\n\r\n", b"Transfer-Encoding: chunked", b"5\r\nhello\r\n0\r\n\r\n", b"abc"),
        *(b"\0", b"X:y", b"HTTP/1.1 200", b" OK", b"HTTP/1.0 304", b"CONNECT a:1"),
        *(b"Upgrade: x", b"HTTP/1.1 101 S", b"\t", b": ", b"0\r\n"),
    ]
)
SPEECH = st.lists(TOKENS, max_size=14).map(b"".join)


@given(st.lists(st.tuples(st.booleans(), SPEECH), max_size=8), st.randoms(use_true_random=False))
@settings(max_examples=300, deadline=None)
def test_nonsense_is_told_alike_however_it_is_cut(turns: Any, dice: Any) -> None:
    """Half-right HTTP, in segments of any size: same records, readable, no byte unexplained."""
    outcomes = []
    for size_max in (10_000, 3):
        packets = conversation(turns, lambda size_max=size_max: dice.randint(1, size_max))
        made = reassemble(blocks(packets, [len(packets) // 2]))
        assert made.counts.get("bugs", 0) == 0
        records = [codec.decode_as(types.Exchange, record) for record in made.exchanges]
        outcomes.append([(r.id, r.anomalies and set(r.anomalies), r.request and r.request.target,
                          r.response and r.response.status) for r in records])  # fmt: skip
    if all(is_orderly(turn) for turn in turns):
        assert outcomes[0] == outcomes[1]


def is_orderly(turn: tuple[bool, bytes]) -> bool:
    """Bytes that no reader has to give up on, where the cuts of segments begin to matter."""
    return not turn[1] or turn[1].startswith(
        (b"GET /a HTTP/1.1\r\n\r\n", b"HTTP/1.0 304 OK\r\n\r\n")
    )


def conversation(turns: list[tuple[bool, bytes]], size: Any) -> list[Packet]:
    at_us, seqs = 1_700_000_000_000_000, [1_001, 5_001]
    packets = [
        segment(at_us=at_us, seq=1_000, flags=SYN),
        segment(at_us=at_us, seq=5_000, ack=1_001, flags=SYN, to_server=False),
    ]
    for to_server, said in turns:
        side, at = (0 if to_server else 1), 0
        while at < len(said):
            part = said[at : at + cast(int, size())]
            at_us += 1_000
            packets.append(
                segment(part, at_us=at_us, seq=seqs[side], ack=seqs[1 - side], to_server=to_server)
            )
            seqs[side] += len(part)
            at += len(part)
    return packets


def test_a_record_of_another_schema_is_refused() -> None:
    watermark = reassemble(blocks([segment(b"GET / HTTP/1.1\r\n\r\n", seq=1, ack=1)])).watermarks[0]
    with pytest.raises(ValueError, match="another schema"):
        Exchange(watermark)
    reassembler = Reassembler("packets/0")
    assert reassembler.feed([watermark]) == [(0, "another schema than expected")]
