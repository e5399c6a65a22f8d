"""Reassembler: blocks, agents, watermarks, limits; what HTTP says is in tests/golden."""

from collections.abc import Iterable

import pytest
from sidetap_native import Batch, Exchange, Reassembler

from schemas.codec import decode_as
from schemas.types import LedgerEntry, Watermark
from tests.packet_blocks import SECOND_US, START_US, SYN, Packet, block, blocks, segment

GET = b"GET /a HTTP/1.1\r\nHost: h\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def opening(at_us: int = START_US, port: int = 40_000) -> list[Packet]:
    return [
        segment(at_us=at_us, seq=1_000, flags=SYN, port=port),
        segment(at_us=at_us, seq=5_000, ack=1_001, flags=SYN, to_server=False, port=port),
    ]


def asking(said: bytes = GET, at_us: int = START_US, port: int = 40_000) -> list[Packet]:
    return [*opening(at_us, port), segment(said, at_us=at_us, seq=1_001, ack=5_001, port=port)]


def answering(said: bytes = OK, at_us: int = START_US, asked: bytes = GET) -> Packet:
    return segment(said, at_us=at_us, seq=5_001, ack=1_001 + len(asked), to_server=False)


def fed(records: Iterable[bytes], **limits: int) -> Batch:
    reassembler = Reassembler("packets/3", limits=limits)
    assert reassembler.feed(list(records)) == []
    return reassembler.take()


def exchanges(batch: Batch) -> list[Exchange]:
    return [Exchange(record) for key, record in batch.outputs if key is not None]


def watermarks(batch: Batch) -> list[Watermark]:
    return [decode_as(Watermark, record) for key, record in batch.outputs if key is None]


def missing(batch: Batch) -> dict[str, int]:
    entries = [decode_as(LedgerEntry, entry) for entry in batch.ledger]
    return {cause: amount.packets for entry in entries for cause, amount in entry.missing.items()}


def test_a_key_is_site_and_client() -> None:
    batch = fed(blocks([*asking(), answering()]))
    assert [key for key, _ in batch.outputs if key] == [b"golden/10.0.0.1"]
    assert batch.counts["exchanges"] == 1


def test_repeated_blocks_are_dropped_and_lost_ones_counted() -> None:
    first, second, third, end = blocks([*asking(), answering()], [2, 3])
    whole = fed([first, second, third, end])
    again = fed([first, second, first, second, third, third, end, end])
    assert again.outputs == whole.outputs
    assert again.counts["blocks_repeated"] == 4
    holed = fed([first, third, end])
    assert holed.counts["blocks_lost"] == 1
    assert missing(holed)["blocks_lost"] == 1
    assert exchanges(holed)[0].request is None


def test_what_cannot_be_read_changes_nothing() -> None:
    first, end = blocks([*asking(), answering()])
    reassembler = Reassembler("packets/0")
    bad = [b"", b"text", first[:-1], first + b"x"]
    refused = reassembler.feed([bad[0], bad[1], first, *bad[2:], end])
    assert [index for index, _ in refused] == [0, 1, 3, 4]
    assert all(reason for _, reason in refused)
    assert exchanges(reassembler.take())[0].response_final


def test_watermarks_come_once_a_second_and_end_with_a_release() -> None:
    packets = [*asking(), answering(at_us=START_US + 3_500_000)]
    told = watermarks(fed(blocks(packets)))
    assert [mark.released for mark in told] == [False, False, True]
    assert {(mark.source, mark.site) for mark in told} == {("packets/3", "golden")}
    # What may still come is older by the time an exchange is held: skew, then unfinished.
    margin_us = 7 * SECOND_US
    assert [mark.at_us + margin_us for mark in told[:2]] == [START_US, START_US + 3 * SECOND_US]
    assert told[2].at_us == START_US + 3_500_000


def test_heartbeats_send_out_what_is_unfinished() -> None:
    records = [
        block(asking(), 0, 0),
        block([], 1, START_US + 4 * SECOND_US, kind="heartbeat"),
        block([], 2, START_US + 7 * SECOND_US, kind="heartbeat"),
    ]
    assert exchanges(fed(records[:2])) == []
    (unfinished,) = exchanges(fed(records))
    assert (unfinished.revision, unfinished.response, unfinished.response_final) == (0, None, False)
    assert "incomplete" in unfinished.anomalies


def test_two_agents_with_one_direction_each_are_one_tap() -> None:
    """The server's side is ahead by 1.8 seconds, within the skew: its answer waits."""
    client = [opening()[0], asking()[2]]
    server = [opening()[1], answering()]
    late_us = 1_800_000
    records = [
        block([], 0, START_US - SECOND_US, kind="heartbeat", agent="client"),
        block(server, 0, 0, agent="server"),
        block([], 1, START_US + late_us, kind="heartbeat", agent="server"),
        block(client, 1, 0, agent="client"),
        block([], 2, START_US, kind="end", agent="client"),
        block([], 2, START_US + late_us, kind="end", agent="server"),
    ]
    (exchange,) = exchanges(fed(records))
    assert exchange.pairing == "position"
    assert (exchange.source, exchange.missing_bytes) == ("client", 0)
    one = exchanges(fed(blocks([*asking(), answering()])))[0]
    assert exchange.id == one.id


def test_agents_far_from_the_others_leave_the_watermark() -> None:
    day_us = 86_400 * SECOND_US
    beats = [("a", START_US), ("b", START_US + SECOND_US), ("c", START_US + day_us)]
    records = [block([], 0, at, kind="heartbeat", agent=agent) for agent, at in beats]
    ahead = fed([*records, block([], 1, START_US + 2 * SECOND_US, kind="heartbeat", agent="b")])
    assert max(mark.at_us for mark in watermarks(ahead)) < START_US + SECOND_US
    records = records[:2] + [
        block([], n, START_US + n * 20 * SECOND_US, kind="heartbeat", agent="b") for n in (1, 2, 3)
    ]
    behind = fed(records)
    assert behind.counts["agents_behind"] > 0
    assert max(mark.at_us for mark in watermarks(behind)) > START_US + 50 * SECOND_US


def test_sites_never_meet() -> None:
    records = [
        block([*asking()], 0, 0, site="a"),
        block([answering()], 0, 0, site="b"),
        block([], 1, START_US, kind="end", site="a"),
        block([], 1, START_US, kind="end", site="b"),
    ]
    told = exchanges(fed(records))
    assert [(one.site, one.request is None, one.response is None) for one in told] == [
        ("a", False, True),
        ("b", True, False),
    ]


def test_an_unknown_limit_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(ValueError, match="did you mean flows_max"):
        Reassembler("packets/0", limits={"flow_max": 3})


def test_the_flow_longest_silent_goes_when_the_table_is_full() -> None:
    packets = [packet for port in range(40_000, 40_005) for packet in asking(port=port)]
    batch = fed([block(packets, 0, 0)], flows_max=3)
    assert batch.counts["flows_max"] == 2
    assert [one.client_port for one in exchanges(batch)] == [40_000, 40_001]


def test_too_many_waiting_bytes_declare_the_hole() -> None:
    holed = [*opening(), segment(b"x" * 1_400, seq=1_200), segment(b"y" * 1_400, seq=2_600)]
    assert "gaps" not in fed([block(holed, 0, 0)]).counts
    batch = fed([block(holed, 0, 0)], out_of_order_bytes_max=2_000)
    assert batch.counts["out_of_order_bytes_max"] == 1
    assert batch.counts["gaps"] == 1


def test_heads_and_fields_have_limits() -> None:
    many = b"GET /a HTTP/1.1\r\nHost: h\r\n" + b"A: b\r\n" * 50 + b"\r\n"
    (limited,) = exchanges(fed(blocks(asking(many)), headers_max=10))
    assert limited.request
    assert (len(limited.request.headers), "header_limit" in limited.anomalies) == (10, True)
    (cut,) = exchanges(fed(blocks(asking(many[:-2])), head_bytes_max=100))
    assert "head_limit" in cut.anomalies


def test_a_body_beyond_the_limit_is_counted_and_not_kept() -> None:
    post = b"POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 500\r\n\r\n" + b"b" * 500
    (exchange,) = exchanges(fed(blocks(asking(post)), body_kept_bytes_max=100))
    assert exchange.request
    body = exchange.request.body
    assert (body.wire_bytes, len(body.kept), body.truncated, body.sha256()) == (
        500,
        100,
        True,
        None,
    )


def test_requests_that_wait_have_a_limit() -> None:
    packets = asking(b"".join(b"GET /%d HTTP/1.1\r\nHost: h\r\n\r\n" % n for n in range(9)))
    batch = fed([block(packets, 0, 0)], unanswered_max=5)
    assert batch.counts["unanswered_max"] == 4
    assert len(exchanges(batch)) == 4


def test_a_request_beyond_the_limit_takes_no_other_ones_answer() -> None:
    asked = b"".join(GET.replace(b"/a", b"/%d" % number) for number in range(4))
    sent = [*asking(asked), answering(OK * 4, asked=asked)]
    seq, ack = 1_001 + len(asked), 5_001 + 4 * len(OK)
    reply = segment(OK, seq=ack, ack=seq + len(GET), to_server=False)
    later = [segment(GET, seq=seq, ack=ack), reply]
    made = exchanges(fed(blocks([*sent, *later]), unanswered_max=2))
    paired = [each.response_seq for each in made if each.request and each.response]
    # Nor does a later one take any: with requests sent together, one that waits may own it.
    assert paired == []
    assert sum(each.request is None for each in made) == 5


def test_a_silent_flow_ends() -> None:
    later_us = START_US + 400 * SECOND_US
    records = [
        block([*asking(), answering()], 0, 0),
        block([segment(GET, at_us=later_us, seq=1_001 + len(GET), ack=5_001 + len(OK))], 1, 0),
    ]
    assert fed(records).counts["flows_opened"] == 2


def test_an_idle_flow_costs_a_small_row() -> None:
    reassembler = Reassembler("packets/0")
    reassembler.feed([block([*asking(), answering()], 0, 0)])
    rows = dict(reassembler.take().rows)
    (flow,) = [row for key, row in rows.items() if key[:1] == b"f"]
    assert flow is not None
    assert len(flow) <= 170
    assert not any(key[:1] == b"p" for key in rows)


def test_bytes_of_a_long_body_are_written_once() -> None:
    """Pieces hold what is new since the last take, and are gone with the message."""
    head = b"POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 40000\r\n\r\n"
    said = head + b"b" * 40_000
    packets = opening()
    packets += [
        segment(said[at : at + 1_000], seq=1_001 + at, ack=5_001)
        for at in range(0, len(said), 1_000)
    ]
    reassembler, piece_bytes, live = Reassembler("packets/0"), 0, set()
    for sequence, packet in enumerate([*packets, answering(asked=said)]):
        reassembler.feed([block([packet], sequence, 0)])
        for key, row in reassembler.take().rows:
            if key[:1] == b"p":
                piece_bytes += len(row or b"")
                (live.discard if row is None else live.add)(key)
    assert 40_000 <= piece_bytes <= 41_000
    assert live == set()


def test_restore_refuses_what_it_cannot_read() -> None:
    reassembler = Reassembler("packets/0")
    with pytest.raises(ValueError, match="unknown kind"):
        reassembler.restore([(b"?", b"\1")])
    with pytest.raises(ValueError, match="version 9"):
        reassembler.restore([(b"sgolden", b"\x09")])
    reassembler = Reassembler("packets/0")
    reassembler.restore([(b"p" + b"\0\1x" + b"\0" * 44, b"an orphan piece")])
