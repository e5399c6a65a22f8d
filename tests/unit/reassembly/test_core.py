"""The core around the native reassembly: routing, rejecting, the ledger of filters, restoring."""

from pathlib import Path

import pytest

from schemas.codec import decode_as
from schemas.types import Exchange, LedgerEntry
from services.capture.settings import Settings as CaptureSettings
from services.capture.taps import TapLetters, merged, taps
from services.reassembly.settings import Application, Filter, Proxy, Settings
from services.reassembly.worker import service
from services.runtime.core import EVERY, Changes, Core, Event, Row
from tests.unit.capture.wire import Conversation, Frame, shop, write_pcap

PROXY = Proxy(name="edge", peers=("198.51.100.7/32",), header="X-Real-IP")


def blocks(path: Path) -> list[Event]:
    """A file's blocks as one partition's events."""
    settings = CaptureSettings(block_bytes=4_096)
    found = taps([str(path)], settings, 1, again=False)
    letters = merged([TapLetters(tap, settings, 1) for tap in found])
    values = [letter.value for letter in letters if letter.topic == "packets"]
    return [Event("packets", 0, offset, None, value) for offset, value in enumerate(values)]


def core(settings: Settings | None = None, rows: tuple[Row, ...] = ()) -> Core:
    made = service(settings or Settings()).inputs["packets"](0)
    made.restore(rows)
    return made


def run(events: list[Event], settings: Settings | None = None) -> Changes:
    made = core(settings)
    made.feed(events)
    return made.take()


def exchanges(changes: Changes) -> list[tuple[bytes, Exchange]]:
    """Keys and exchanges, in order."""
    return [
        (output.key, decode_as(Exchange, output.value))
        for output in changes.outputs
        if output.topic == "exchanges" and output.key is not None and output.value is not None
    ]


def asked(target: str, *headers: str, late_us: int = 0) -> list[Frame]:
    """One request, perhaps answered late."""
    lines = "".join(f"{header}\r\n" for header in headers)
    talk = Conversation().open()
    talk.send(f"GET {target} HTTP/1.1\r\nHost: Shop.test\r\n{lines}\r\n".encode(), from_client=True)
    talk.at_us += late_us
    return talk.send(b"HTTP/1.1 204 No Content\r\n\r\n", from_client=False).close().frames


@pytest.fixture(scope="module")
def shopping(tmp_path_factory: pytest.TempPathFactory) -> list[Event]:
    return blocks(write_pcap(tmp_path_factory.mktemp("core") / "s.pcap", shop(10, 10)))


def test_exchanges_go_by_client_and_watermarks_to_every_partition(shopping: list[Event]) -> None:
    changes = run(shopping)
    found = exchanges(changes)
    assert len(found) == 100
    assert all(key == f"default/{exchange.client_ip}".encode() for key, exchange in found)
    marks = [o for o in changes.outputs if o.topic == "exchanges" and o.key is None]
    assert marks
    assert {mark.partition for mark in marks} == {EVERY}
    assert {output.partition for output in changes.outputs if output.key} == {None}


def test_without_rules_and_with_rules_that_do_not_match_the_records_are_equal(
    shopping: list[Event],
) -> None:
    idle = Settings(proxies=(PROXY,), filters=(Filter(name="no", hosts=("other.test",)),))
    assert run(shopping, idle).outputs == run(shopping).outputs


@pytest.mark.parametrize("batch", [1, 7])
def test_a_core_that_dies_after_every_batch_says_the_same(
    shopping: list[Event], batch: int
) -> None:
    rows: dict[bytes, bytes] = {}
    found: list[tuple[bytes, Exchange]] = []
    for start in range(0, len(shopping), batch):
        made = core(rows=tuple(Row(key, value) for key, value in rows.items()))
        made.feed(shopping[start : start + batch])
        changes = made.take()
        found += exchanges(changes)
        for row in changes.rows:
            rows.pop(row.key, None)
            if row.value is not None:
                rows[row.key] = row.value
    assert sorted(found, key=_by_id) == sorted(exchanges(run(shopping)), key=_by_id)


def _by_id(pair: tuple[bytes, Exchange]) -> tuple[str, int]:
    return pair[1].id, pair[1].revision


def test_repeated_blocks_say_nothing_twice(shopping: list[Event]) -> None:
    assert len(exchanges(run([*shopping, *shopping]))) == 100


def test_what_is_no_block_is_rejected_with_its_place(shopping: list[Event]) -> None:
    wrong = Event("packets", 0, 77, None, b"\xc3\x01 no block")
    nothing = Event("packets", 0, 78, b"key", None)
    changes = run([shopping[0], wrong, nothing, *shopping[1:]])
    assert [rejected.event for rejected in changes.rejected] == [wrong, nothing]
    assert all(rejected.reason for rejected in changes.rejected)
    assert len(exchanges(changes)) == 100


def test_both_revisions_have_the_client_that_the_request_names(tmp_path: Path) -> None:
    frames = asked("/a", "X-Real-IP: 203.0.113.9", late_us=8_000_000)
    settings = Settings(
        proxies=(PROXY,), applications=(Application(name="shop", hosts=("shop.TEST",)),)
    )
    found = exchanges(run(blocks(write_pcap(tmp_path / "a.pcap", frames)), settings))
    assert [exchange.revision for _, exchange in found] == [0, 1]
    for key, exchange in found:
        assert key == b"default/203.0.113.9"
        assert (exchange.client_ip, exchange.peer_ip) == ("203.0.113.9", "198.51.100.7")
        assert (exchange.host, exchange.application) == ("shop.test", "shop")


def test_an_orphan_response_stays_with_its_peer(tmp_path: Path) -> None:
    frames = [frame for frame in asked("/a", "X-Real-IP: 203.0.113.9") if not frame.from_client]
    settings = Settings(proxies=(PROXY,))
    ((key, exchange),) = exchanges(run(blocks(write_pcap(tmp_path / "a.pcap", frames)), settings))
    assert exchange.request is None
    assert key == b"default/198.51.100.7"


def test_what_is_filtered_is_taken_from_what_left(tmp_path: Path) -> None:
    frames = asked("/health", late_us=8_000_000)
    events = blocks(write_pcap(tmp_path / "a.pcap", frames))
    settings = Settings(filters=(Filter(name="probe", paths=("/health",)),))
    changes = run(events, settings)
    assert exchanges(changes) == []
    entries = [
        decode_as(LedgerEntry, output.value)
        for output in changes.outputs
        if output.topic == "ledger" and output.value
    ]
    of_layer = [entry for entry in entries if entry.layer == "exchanges"]
    size = len(b"GET /health HTTP/1.1\r\nHost: Shop.test\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n")
    assert sum(entry.entered.bytes for entry in of_layer) == size
    assert sum(entry.left.bytes for entry in of_layer) == 0
    dropped = [entry.dropped["filtered:probe"].bytes for entry in of_layer if entry.dropped]
    assert sum(dropped) == size
    assert changes.counts["filtered:probe"] == 2


def test_an_unknown_limit_stops_the_start() -> None:
    with pytest.raises(ValueError, match="flows_max"):
        service(Settings(limits={"flow_max": 5}))
