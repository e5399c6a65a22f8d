"""Exchanges as OCSF HTTP Activity."""

from dataclasses import replace
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from sidetap_native import Exchange

from schemas import codec, history, registry, types
from services.export.ocsf import EVENT_BYTES_MAX
from services.export.ocsf_http import exchange_event
from services.runtime.masking import Masker
from tests.properties.avro_values import values
from tests.unit.export.ocsf_standard import faults

SCHEMA = registry.current()["Exchange"]
EXAMPLES = {
    name: types.Exchange.from_avro(value) for name, value in history.examples(SCHEMA).items()
}
ORDINARY = EXAMPLES["ordinary"]
MASKER = Masker(b"a key")


def line(exchange: types.Exchange) -> bytes:
    return exchange_event(Exchange(codec.encode(exchange)), MASKER)


def event(exchange: types.Exchange) -> dict[str, Any]:
    made: dict[str, Any] = orjson.loads(line(exchange))
    return made


def asking(**change: Any) -> types.Exchange:
    assert ORDINARY.request is not None
    return replace(ORDINARY, request=replace(ORDINARY.request, **change))


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_standard_accepts_every_example(name: str) -> None:
    assert faults(event(EXAMPLES[name])) == []


@settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow])
@given(values(SCHEMA.parsed), st.integers(0, 65_535), st.integers(0, 65_535))
def test_the_standard_accepts_any_exchange(value: Any, client: int, server: int) -> None:
    # Addresses and ports come from packets, and one half was seen; the rest is anybody's.
    drawn = types.Exchange.from_avro(value)
    # No length of a head and a body together passes 64 bits.
    halves = [half for half in (drawn.request, drawn.response) if half]
    assume(all(abs(half.body.wire_bytes) < 1 << 62 for half in halves))
    seen = replace(
        drawn, client_ip="192.0.2.1", peer_ip="2001:db8::1", server_ip="192.0.2.2",
        client_port=client, server_port=server,
        request=drawn.request or (None if drawn.response else ORDINARY.request),
    )  # fmt: skip
    assert faults(event(seen)) == []


@pytest.mark.parametrize(
    ("method", "activity"),
    [
        (b"CONNECT", 1), (b"DELETE", 2), (b"GET", 3), (b"HEAD", 4), (b"OPTIONS", 5),
        (b"POST", 6), (b"PUT", 7), (b"TRACE", 8), (b"PATCH", 9),
    ],
)  # fmt: skip
def test_methods_the_standard_knows(method: bytes, activity: int) -> None:
    made = event(asking(method=method))
    assert (made["activity_id"], made["type_uid"]) == (activity, 400200 + activity)
    assert made["http_request"]["http_method"] == method.decode()


@pytest.mark.parametrize("method", [b"PROPFIND", b"get", b"G\xffT"])
def test_other_methods_are_named_as_sent(method: bytes) -> None:
    made = event(asking(method=method))
    assert (made["activity_id"], made["type_name"]) == (99, "HTTP Activity: Other")
    assert made["activity_name"] == method.decode("latin-1").replace("\xff", "%FF")
    assert "http_method" not in made["http_request"]


def test_secrets_stay_and_their_tokens_go() -> None:
    made = line(EXAMPLES["form_behind_proxy"])
    assert b"8f14e45fceea167a" not in made
    assert b"tr0ub4dor" not in made
    headers = orjson.loads(made)["http_response"]["http_headers"]
    (cookie,) = [h["value"] for h in headers if h["name"] == "Set-Cookie"]
    assert cookie.startswith("session=[masked ")
    asked = event(asking(target=b"/pay?token=abc123&page=2"))
    assert asked["http_request"]["url"]["query_string"].endswith("&page=2")
    assert "abc123" not in asked["http_request"]["url"]["query_string"]


def test_a_proxy_stands_between() -> None:
    made = event(EXAMPLES["form_behind_proxy"])
    assert made["src_endpoint"] == {"ip": "203.0.113.77", "intermediate_ips": ["198.51.100.2"]}
    assert event(ORDINARY)["src_endpoint"] == {"ip": "198.51.100.23", "port": 50312}


def test_both_records_of_an_exchange_meet() -> None:
    first, second = event(EXAMPLES["waiting_for_response"]), event(EXAMPLES["response_follows"])
    assert first["metadata"]["correlation_uid"] == second["metadata"]["correlation_uid"]
    assert first["metadata"]["uid"].endswith(".0")
    assert second["metadata"]["uid"].endswith(".1")
    assert "http_response" not in first
    assert second["http_response"]["code"] == 200


def test_parts_of_a_stream_differ_in_uid() -> None:
    part = EXAMPLES["part_of_stream"]
    assert event(part)["metadata"]["uid"] == f"{part.id}/1.0"


def test_what_was_missed_is_said() -> None:
    traffic = event(EXAMPLES["hole_in_body"])["traffic"]
    assert traffic["bytes_missed"] == 1448
    assert traffic["bytes"] == traffic["bytes_in"] + traffic["bytes_out"]


def test_tls_goes_with_its_fingerprint() -> None:
    made = event(EXAMPLES["ebpf_tls"])
    assert made["tls"] == {"version": "1.3", "sni": "shop.example"}
    assert made["ja4_fingerprint_list"][0]["type"] == "JA4"
    assert made["http_request"]["url"]["scheme"] == "https"


def test_nothing_is_ever_called_blocked() -> None:
    for exchange in EXAMPLES.values():
        made = event(exchange)
        assert (made["action"], made["disposition"]) == ("Observed", "Logged")


def test_bodies_stay_here() -> None:
    assert b"tea" not in line(ORDINARY)


def test_an_event_beyond_its_limit_says_what_it_lost() -> None:
    made = line(asking(headers=((b"X-Wide", b"\0" * 4_000),) * 100))
    assert len(made) <= EVENT_BYTES_MAX
    assert orjson.loads(made)["metadata"]["is_truncated"] is True
    assert faults(orjson.loads(made)) == []
