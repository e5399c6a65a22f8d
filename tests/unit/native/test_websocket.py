"""The limits of WebSockets: parts by bytes, messages longer than is kept, and what inflates."""

from sidetap_native import Exchange, Reassembler

from tests.golden.lines import Made, ledger_sums
from tests.golden.socket_frames import Deflater, accept, ask, frame
from tests.packet_blocks import SYN, Packet, blocks, segment

MASK = b"abcd"
DEFLATE = b"Sec-WebSocket-Extensions: permessage-deflate"


def packets(*frames: bytes) -> list[Packet]:
    """A connection whose client sends these, each in a packet of its own."""
    made = [
        segment(b"", seq=999, ack=None, flags=SYN),
        segment(b"", to_server=False, seq=4_999, ack=1_000, flags=SYN),
        segment(ask(b"/live", DEFLATE), seq=1_000, ack=5_000),
    ]
    seq = 1_000 + len(ask(b"/live", DEFLATE))
    answer = accept(DEFLATE)
    made.append(segment(answer, to_server=False, seq=5_000, ack=seq))
    for one in frames:
        for at in range(0, len(one), 60_000):
            piece = one[at : at + 60_000]
            made.append(segment(piece, seq=seq, ack=5_000 + len(answer)))
            seq += len(piece)
    return made


def parts(made: list[Packet], **limits: int) -> list[Exchange]:
    """What becomes of them; the ledger balances."""
    reassembler, all_of_it = Reassembler("packets/0", limits=limits), Made()
    assert reassembler.feed(blocks(made)) == []
    all_of_it.add(reassembler.take())
    for layer in ledger_sums(all_of_it.ledger).values():
        assert (layer["residual"], layer["held"]) == (0, 0)
    first, *rest = [Exchange(record) for record in all_of_it.exchanges]
    assert first.part is None
    assert {one.id for one in rest} == {first.id}
    return rest


def test_parts_are_cut_by_their_bytes_and_the_last_says_so() -> None:
    told = parts(packets(*[frame(b"x" * 100, mask=MASK)] * 9), part_bytes_max=400)
    assert [one.part for one in told] == [1, 2, 3]
    assert [len(one.messages) for one in told] == [4, 4, 1]
    assert [one.response_final for one in told] == [False, False, True]
    assert [one.request and one.request.body.wire_bytes for one in told] == [400, 400, 100]


def test_a_socket_without_messages_has_an_empty_part() -> None:
    (only,) = parts(packets())
    assert (only.part, only.messages, only.response_final) == (1, [], True)


def test_of_a_long_message_the_beginning_is_kept() -> None:
    (only,) = parts(packets(frame(b"x" * 5_000, mask=MASK)), body_kept_bytes_max=1_000)
    (message,) = only.messages
    assert (len(message.payload), message.wire_bytes) == (1_000, 5_000)
    assert (message.truncated, message.complete) == (True, True)


def test_a_bomb_stays_as_sent_and_the_next_is_read() -> None:
    bomb = Deflater().deflate(bytes(64 << 20))
    words = Deflater().deflate(b"words words words")
    frames = [frame(sent, mask=MASK, compressed=True) for sent in (bomb, words)]
    (only,) = parts(packets(*frames))
    assert [message.compressed for message in only.messages] == [True, False]
    assert only.messages[0].payload == bomb
    assert only.messages[1].payload == b"words words words"


def test_what_is_no_frame_is_marked_and_counted() -> None:
    (only,) = parts(packets(frame(b"ok", mask=MASK), b"\x83\x80junk", frame(b"again", mask=MASK)))
    assert "bad_frame" in only.anomalies
    assert [message.payload for message in only.messages] == [b"ok", b"again"]
