"""What a gRPC call says is looked at by its field numbers."""

import gzip

from services.detect.points import Cutter
from services.detect.verdict import Inspector
from services.detect.view import Bytes, PlainRequest


def framed(message: bytes, flags: int = 0) -> bytes:
    return bytes([flags]) + len(message).to_bytes(4, "big") + message


def field(number: int, value: bytes) -> bytes:
    return bytes([number << 3 | 2, len(value)]) + value


def call(
    body: bytes, kind: bytes = b"application/grpc", *headers: tuple[bytes, bytes]
) -> PlainRequest:
    return PlainRequest(
        method=b"POST", target=b"/shop.Orders/Find", version="2",
        headers=[(b"content-type", kind), *headers], body=Bytes(body),
    )  # fmt: skip


def places(request: PlainRequest) -> list[tuple[str, bytes]]:
    points = Cutter().request(request).found
    return [(one.where, one.value) for one in points if one.where.startswith("body")]


def test_texts_have_their_field_numbers() -> None:
    message = field(1, b"ann") + b"\x10\x07" + field(3, field(1, b"inner \xc3\xa4"))
    assert places(call(framed(message) + framed(field(2, b"next")))) == [
        ("body.grpc.1", b"ann"), ("body.grpc.3.1", b"inner \xc3\xa4"), ("body.grpc.2", b"next"),
    ]  # fmt: skip


def test_compressed_messages_are_read() -> None:
    body = framed(gzip.compress(field(1, b"ann")), 1)
    request = call(body, b"application/grpc+proto", (b"grpc-encoding", b"gzip"))
    assert places(request) == [("body.grpc.1", b"ann")]


def test_json_over_grpc_is_json() -> None:
    request = call(framed(b'{"name": "ann"}'), b"application/grpc+json")
    assert places(request) == [("body.json.name", b"ann")]


def test_an_attack_in_a_field_is_found() -> None:
    attack = field(1, b"7' UNION SELECT name,pass FROM users-- ")
    verdict = Inspector().inspect(call(framed(attack)))
    assert "sqli" in verdict.scores
    assert any(signal.match.point.where == "body.grpc.1" for signal in verdict.signals)
    assert Inspector().inspect(call(framed(field(1, b"a plain name")))).scores == {}
