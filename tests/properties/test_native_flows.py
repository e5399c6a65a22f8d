"""Whatever a tap does to packets, a reassembler says the same, or says what is missing.

The golden captures are cut, taken, restored, repeated, shuffled and thinned out.
"""

import functools
import random
from collections.abc import Collection, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sidetap_native import Exchange, Reassembler

from tests.golden.lines import CASES, FOLDER, Made, ledger_sums, plain, reassemble
from tests.packet_blocks import Packet, blocks, read_pcap

# A copy of an old connection's packet behind the new one's SYN is that connection's problem.
CALM = [case for case in CASES if case != "ports_reused"]
# What comes in another order is another story there: a reset, a second SYN, a conflict.
IN_ORDER = {"forged_reset", "overlap_conflict", "retransmission_conflict", "keep_alive_probe"}
# A flow without a SYN begins with whatever packet of a side comes first: those stay in place, for
# what proves them could change places with what needs the proof.
PICKED_UP = {"http2_mid_connection"}
# The packets that show that a client pipelines can be lost, too: then it looks like one that waits
# (decision 0071). tests/properties/test_native_pipelines.py holds how often that is.
PIPELINED = {"pipelined_behind_an_answer", "pipelined_request_lost"}
UNORDERED = [case for case in CALM if case not in IN_ORDER]
REACH = 3


@functools.cache
def packets_of(case: str) -> tuple[Packet, ...]:
    return tuple(read_pcap(FOLDER / case / "capture.pcap"))


@functools.cache
def calm(case: str) -> Made:
    return reassemble(blocks(packets_of(case)))


def told(made: Made) -> list[dict[str, object]]:
    """What is said of the exchanges, in an order that is no order of arrival."""
    said = [plain(Exchange(record)) for record in made.exchanges]
    return sorted(said, key=lambda line: (str(line["id"]), str(line["revision"])))


def assert_balanced(made: Made) -> None:
    for layer in ledger_sums(made.ledger).values():
        assert (layer["residual"], layer["held"]) == (0, 0), layer


@given(st.sampled_from(CASES), st.randoms(use_true_random=False))
@settings(max_examples=150, deadline=None)
def test_blocks_takes_and_restarts_change_nothing(case: str, dice: random.Random) -> None:
    packets = packets_of(case)
    cuts = [dice.randrange(len(packets) + 1) for _ in range(dice.randrange(12))]
    made, rows = Made(), dict[bytes, bytes]()
    reassembler = Reassembler("packets/0")
    for record in blocks(packets, cuts):
        assert reassembler.feed([record]) == []
        if dice.random() < 0.7:
            batch = reassembler.take()
            made.add(batch)
            for key, row in batch.rows:
                if row is None:
                    rows.pop(key, None)
                else:
                    rows[key] = row
            if dice.random() < 0.7:
                saved = list(rows.items())
                dice.shuffle(saved)
                reassembler = Reassembler("packets/0")
                reassembler.restore(saved)
    made.add(reassembler.take())
    expected = calm(case)
    assert made.exchanges == expected.exchanges
    assert made.encrypted == expected.encrypted
    assert made.watermarks == expected.watermarks
    assert made.ledger == expected.ledger


@given(st.sampled_from(CASES), st.integers(min_value=1, max_value=40))
@settings(max_examples=40, deadline=None)
def test_what_is_over_leaves_no_rows(case: str, at: int) -> None:
    reassembler, rows = Reassembler("packets/0"), set[bytes]()
    for record in blocks(packets_of(case), [at, 2 * at]):
        reassembler.feed([record])
        for key, row in reassembler.take().rows:
            (rows.discard if row is None else rows.add)(key)
    assert {key[:1] for key in rows} == {b"s", b"a", b"w"}


def repeated(packets: Sequence[Packet], dice: random.Random) -> list[Packet]:
    """Some packets come again, a little later."""
    out: list[tuple[float, Packet]] = []
    for at, packet in enumerate(packets):
        out.append((at, packet))
        if dice.random() < 0.4:
            out.append((at + dice.uniform(0, REACH), packet))
    return [packet for _, packet in sorted(out, key=lambda entry: entry[0])]


def firsts(packets: Sequence[Packet]) -> set[int]:
    """Where the first packet of each side stands."""
    sources = [packet.frame[26:30] for packet in packets]
    return {sources.index(source) for source in set(sources)}


def shuffled(
    packets: Sequence[Packet], dice: random.Random, kept: Collection[int] = ()
) -> list[Packet]:
    """Packets change places with near ones that are near in time too; but for those `kept`."""
    places = [at + (at not in kept) * dice.uniform(0, REACH) for at in range(len(packets))]
    for at in range(1, len(packets)):
        if packets[at].at_us - packets[at - 1].at_us > 1_000_000:
            places[:at] = [min(place, at - 0.5) for place in places[:at]]
            places[at:] = [max(place, at) for place in places[at:]]
    order = sorted(range(len(packets)), key=lambda at: places[at])
    return [packets[at] for at in order]


@given(st.sampled_from(CALM), st.randoms(use_true_random=False))
@settings(max_examples=150, deadline=None)
def test_repeated_packets_change_nothing(case: str, dice: random.Random) -> None:
    made = reassemble(blocks(repeated(packets_of(case), dice)))
    assert told(made) == told(calm(case))
    assert_balanced(made)


@given(st.sampled_from(UNORDERED), st.randoms(use_true_random=False))
@settings(max_examples=200, deadline=None)
def test_the_order_of_packets_changes_nothing(case: str, dice: random.Random) -> None:
    packets = packets_of(case)
    kept = firsts(packets) if case in PICKED_UP else ()
    made = reassemble(blocks(shuffled(packets, dice, kept)))
    assert told(made) == told(calm(case))
    assert_balanced(made)


def pairs(made: Made) -> set[tuple[int, int]]:
    seen = [Exchange(record) for record in made.exchanges]
    return {
        (exchange.request_seq, exchange.response_seq)
        for exchange in seen
        if exchange.request_seq is not None and exchange.response_seq is not None
    }


@given(st.sampled_from(CASES), st.floats(0.02, 0.4), st.randoms(use_true_random=False))
@settings(max_examples=400, deadline=None)
def test_lost_packets_invent_nothing(case: str, loss: float, dice: random.Random) -> None:
    packets = [packet for packet in packets_of(case) if dice.random() >= loss]
    made = reassemble(blocks(packets))
    assert case in PIPELINED or pairs(made) <= pairs(calm(case))
    assert_balanced(made)
    whole = {line["id"] for line in told(calm(case))}
    for line in told(made):
        request = line["request"]
        if isinstance(request, dict) and request["complete"]:
            assert line["id"] in whole


@pytest.mark.parametrize("case", CASES)
def test_an_exchange_cut_anywhere_keeps_its_id(case: str) -> None:
    packets = packets_of(case)
    whole = {line["id"]: line for line in told(calm(case))}
    for cut in range(1, len(packets)):
        for half in (packets[:cut], packets[cut:]):
            for line in told(reassemble(blocks(half))):
                request = line["request"]
                if isinstance(request, dict) and request["complete"] and line["response"]:
                    assert line["id"] in whole
