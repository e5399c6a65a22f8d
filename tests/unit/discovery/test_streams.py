"""Streams in the inventory: WebSockets, and gRPC by the numbers of its fields."""

import json
from dataclasses import replace

from tests.inventory import merged, sightings
from tests.traffic import exchange, watermark


def test_grpc_has_its_method_and_its_field_numbers() -> None:
    grpc = ((b"content-type", b"application/grpc"),)
    sent = b"\x0a\x03ann\x10\x07\x1a\x04\x0a\x02in"  # 1: ann, 2: 7, 3: {1: in}
    record = exchange(
        "/shop.Orders/Find", method="POST", headers=grpc, got_headers=grpc,
        sent=b"\0\0\0\0\x0d" + sent, got=b"\0\0\0\0\2\x08\1",
    )  # fmt: skip
    (found,) = merged(sightings([record, watermark(10**6, released=True)]))
    assert (found.protocol, found.template) == ("grpc", "/shop.Orders/Find")
    fields = json.loads(found.request_bodies[0].schema)["properties"]
    assert {name: of["type"] for name, of in fields.items()} == {
        "field1": "string", "field2": "integer", "field3": "object",
    }  # fmt: skip
    got = json.loads(found.responses[0].schema or "{}")
    assert got["properties"] == {"field1": {"type": "integer"}}


def test_parts_of_a_stream_are_no_more_requests() -> None:
    asked = [exchange("/live", 101, at_s=second, serial=second) for second in range(3)]
    parts = [
        replace(one, part=number, at_us=one.at_us + number) for one in asked for number in (1, 2)
    ]
    (live,) = merged(sightings([*asked, *parts, watermark(10**6, released=True)]))
    assert (live.protocol, live.count) == ("websocket", 3)
