"""What a WebSocket's client says is looked at like a body; what the server says is not."""

from dataclasses import replace
from functools import cache

from schemas.codec import decode
from schemas.types import Exchange, Finding, SocketMessage
from services.detect.core import DetectCore
from services.detect.points import Cutter
from services.detect.settings import Settings
from services.detect.verdict import Inspector
from services.runtime.masking import Masker
from tests.plain_view import ExchangeView
from tests.traffic import START_US, exchange, run

INJECTION = b"7' UNION SELECT name,pass FROM users-- "


def said(payload: bytes, **of: object) -> SocketMessage:
    message = SocketMessage(
        at_us=START_US, from_client=True, opcode=1, payload=payload, wire_bytes=len(payload),
        missing_bytes=0, complete=True, truncated=False, compressed=False,
    )  # fmt: skip
    return replace(message, **of)  # type: ignore[arg-type]


def places(*messages: SocketMessage) -> list[tuple[str, bytes]]:
    return [(point.where, point.value) for point in Cutter().messages(messages).found]


@cache
def inspector() -> Inspector:
    return Inspector()


def findings(records: list[Exchange]) -> list[Finding]:
    core = DetectCore(Settings(), Masker(b"key"), ExchangeView, inspector())
    outputs = run(core, records).outputs
    return [decode(out.value) for out in outputs if out.topic == "findings" and out.value]


def part(number: int, target: str, *messages: SocketMessage) -> Exchange:
    whole = exchange(target, 101)
    return replace(whole, part=number, protocol="websocket", messages=messages)


def test_json_has_its_names_with_and_without_the_number_of_socket_io() -> None:
    assert ("body.json.user.name", b"ann") in places(said(b'{"user": {"name": "ann"}}'))
    assert places(said(b'42["say", "hello"]')) == places(said(b'["say", "hello"]'))
    assert places(said(b"plain words")) == [("body", b"plain words")]


def test_only_what_the_client_said_is_looked_at() -> None:
    assert places(said(b"", opcode=9), said(b"ping", opcode=9), said(b"bye", opcode=8)) == []
    assert places(said(b"hello", from_client=False)) == []
    assert places(said(b"\xaa\x56", compressed=True)) == []
    assert places(said(b"end of something", opcode=0)) == [("body", b"end of something")]


def test_an_attack_in_a_message_is_found_where_it_stands() -> None:
    query = b'{"query": "' + INJECTION + b'"}'
    (found,) = findings([part(1, "/live?room=1", said(b"hello"), said(query))])
    assert (found.class_, found.endpoint, found.count) == ("sqli", "GET /live", 1)
    assert found.evidence[0].where == "body.json.query"
    assert findings([part(1, "/live", said(query, from_client=False))]) == []


def test_the_request_counts_once_however_many_parts_follow() -> None:
    target = "/items?id=7%27%20UNION%20SELECT%20name,pass%20FROM%20users--%20"
    parts = [part(number, target, said(b"hello")) for number in (1, 2)]
    (found,) = findings([exchange(target, 101), *parts])
    assert found.count == 1
