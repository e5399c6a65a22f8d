"""The inventory is a function of the set of exchanges: not of order, batches, partitions, kills."""

import json
import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sidetap_native import Exchange as NativeExchange
from sidetap_native import json_outline

from schemas.codec import decode
from schemas.types import Exchange
from services.discovery.merge import MergeCore
from services.discovery.observe import ObserveCore
from services.discovery.schema import json_schema
from services.discovery.settings import Settings
from services.discovery.shape import Shape, outlined
from services.runtime.core import Core, Event, Output, Row
from tests.inventory import Operations, inventory
from tests.traffic import events, exchange, halves, watermark

SMALL = Settings(min_count=2, min_time_s=5, siblings_min=3)
NAMES = [
    "ann",
    "bob",
    "cid",
    "dan",
    "eve",
    "me",
    "v2",
    "17",
    "4",
    "d41d8cd98f00b204e9800998ecf8427e",
]
TEXTS = ["a", "2026-11-23"]
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(0, 9) | st.floats(0, 1) | st.sampled_from(TEXTS),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from(["a", "b", "c", "17", "x@y.example"]), inner, max_size=4),
    max_leaves=8,
)  # fmt: skip
CALLS = st.builds(lambda name: {"jsonrpc": "2.0", "method": name}, st.sampled_from(["get", "put"]))
JSON = [(b"Content-Type", b"application/json")]


@st.composite
def exchanges(draw: st.DrawFn) -> list[Exchange]:
    """Calls of a small API, answered or not, by three clients."""
    calls = []
    for serial in range(draw(st.integers(1, 25))):
        path = draw(st.lists(st.sampled_from(NAMES), max_size=3))
        calls.append(
            exchange(
                "/" + "/".join(path) + draw(st.sampled_from(["", "?a=1", "?a=x&b=2", "/"])),
                draw(st.sampled_from([200, 200, 200, 201, 404, 401, 500, None])),
                at_s=draw(st.integers(0, 30)),
                client=f"10.0.0.{draw(st.integers(1, 3))}",
                host=draw(st.sampled_from(["a.example", "b.example"])),
                method=draw(st.sampled_from(["GET", "POST"])),
                headers=JSON,
                sent=json.dumps(draw(VALUES | CALLS)).encode(),
                got=json.dumps(draw(VALUES)).encode(),
                got_headers=JSON,
                serial=serial,
            )
        )
    return calls


def observed(
    calls: list[Exchange], partition: int, chance: random.Random, *, restart: bool
) -> list[Output]:
    """Sightings of one partition, cut at random; some exchanges in two halves."""
    records = [
        half
        for call in calls
        for half in (
            halves(call, repeated=chance.random() < 0.5)
            if call.response and chance.random() < 0.2
            else [call]
        )
    ]
    end = watermark(1_000, released=True)
    core: Core = ObserveCore(partition, NativeExchange, Settings())
    outputs: list[Output] = []
    stored: dict[bytes, bytes] = {}
    for event in events([*records, end], partition=partition):
        core.feed([event])
        if chance.random() < 0.3 or event.value is None or event.offset == len(records):
            changes = core.take()
            assert changes.rejected == []
            outputs += changes.outputs
            _store(stored, changes.rows)
            if restart:
                core = ObserveCore(partition, NativeExchange, Settings())
                core.restore([Row(key, value) for key, value in stored.items()])
    return outputs


def told(sightings: list[Output], chance: random.Random, *, restart: bool) -> Operations:
    """The inventory from sightings, cut at random."""
    core, stored, said = MergeCore(SMALL), dict[bytes, bytes](), []
    for i, out in enumerate(sightings):
        core.feed([Event("sightings", 0, i, out.key, out.value)])
        if chance.random() < 0.3 or i == len(sightings) - 1:
            changes = core.take()
            assert changes.rejected == []
            said += [out.value for out in changes.outputs if out.value]
            _store(stored, changes.rows)
            if restart:
                core = MergeCore(SMALL)
                core.restore([Row(key, value) for key, value in stored.items()])
    return inventory(map(decode, said))


def _store(stored: dict[bytes, bytes], rows: list[Row]) -> None:
    for row in rows:
        stored.pop(row.key, None)
        if row.value is not None:
            stored[row.key] = row.value


@settings(max_examples=60, deadline=None)
@given(exchanges(), st.integers(0, 2**32), st.booleans())
def test_order_batches_partitions_and_restarts_change_nothing(
    calls: list[Exchange], seed: int, restart: bool
) -> None:
    plain = random.Random(0)
    expected = told(observed(calls, 0, plain, restart=False), plain, restart=False)
    chance = random.Random(seed)
    parts: list[list[Output]] = []
    for partition in range(3):
        own = [call for call in calls if int(call.client_ip[-1]) % 3 == partition]
        chance.shuffle(own)
        parts.append(observed(own, partition, chance, restart=restart))
    sightings = []
    while any(parts):  # each partition keeps its order, but not against the others
        sightings.append(chance.choice([part for part in parts if part]).pop(0))
    assert told(sightings, chance, restart=restart) == expected


@given(st.lists(VALUES, max_size=8), st.randoms(use_true_random=False), st.integers(0, 8))
def test_shapes_add_up_in_any_order(values: list[object], chance: random.Random, cut: int) -> None:
    whole, first, second = Shape(), Shape(), Shape()
    for value in values:
        whole.merge(shape_of(value))
    mixed = list(values)
    chance.shuffle(mixed)
    for value in mixed[:cut]:
        first.merge(shape_of(value))
    for value in mixed[cut:]:
        second.merge(shape_of(value))
    second.merge(Shape.load(json.loads(json.dumps(first.dump()))))
    assert json_schema(second) == json_schema(whole)


def shape_of(value: object) -> Shape:
    return outlined(json_outline(json.dumps(value).encode()) or "")


@given(VALUES, st.integers(1, 4))
def test_alike_counts_as_one_by_one(value: object, times: int) -> None:
    at_once, one_by_one = Shape(), Shape()
    at_once.merge(shape_of(value), times)
    for _ in range(times):
        one_by_one.merge(shape_of(value))
    assert at_once.dump() == one_by_one.dump()


@given(st.lists(st.fixed_dictionaries({"a": VALUES}, optional={"b": VALUES}), min_size=1))
def test_a_table_says_what_its_rows_say(rows: list[dict[str, object]]) -> None:
    table, by_row = json_schema(shape_of(rows)), Shape()
    for row in rows:
        by_row.merge(shape_of(row))
    assert table["items"] == json_schema(by_row)


PLAIN = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)


@given(
    st.recursive(
        PLAIN | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
    )
)
def test_what_is_json_has_an_outline(value: object) -> None:
    for ascii_only in (True, False):
        text = json.dumps(value, ensure_ascii=ascii_only).encode("utf-8", "replace")
        outline = json_outline(text)
        assert outline is not None
        outlined(outline)


@given(st.binary(max_size=40) | st.text('[]{}",:0123456789.eE+-truefalsn \\u').map(str.encode))
def test_native_code_takes_for_json_what_json_is(data: bytes) -> None:
    try:
        json.loads(data, parse_constant=lambda name: int(name))
    except (ValueError, RecursionError):
        assert json_outline(data) is None or data.startswith(b"\xef\xbb\xbf")
    else:
        assert json_outline(data) is not None or not _is_utf8(data)


def _is_utf8(data: bytes) -> bool:
    try:
        return "\0" not in data.decode()
    except UnicodeDecodeError:
        return False


@given(st.binary(max_size=60), st.binary(max_size=60), st.binary(max_size=200))
def test_any_bytes_are_an_exchange(target: bytes, content_type: bytes, body: bytes) -> None:
    call = exchange("/", 200, method="POST", got=body, sent=body,
                    headers=[(b"content-type", content_type), (b"Cookie", target)],
                    got_headers=[(b"content-type", content_type)])  # fmt: skip
    assert call.request is not None
    call = replace(call, request=replace(call.request, target=target))
    core = ObserveCore(0, NativeExchange, Settings())
    core.feed(events([call]))
    changes = core.take()
    assert changes.rejected == []
    core.feed(events([watermark(0)], first=1))
    outputs = core.take().outputs
    assert [bool(o.key) for o in outputs][:1] == [True]


@pytest.mark.parametrize("seed", [1, 2])
def test_limits_and_restarts_agree(seed: int) -> None:
    """Prefixes with too many names, too many operations, a scanner: with and without restarts."""
    chance = random.Random(seed)
    names = [f"n{chr(97 + i % 26)}{chr(97 + i // 26)}q" for i in range(260)]
    calls = [
        exchange(
            "/" + "/".join(chance.choice(names[:width]) for width in (1, 260, 2)),
            chance.choice((200, 200, 404)),
            at_s=i,
            serial=i,
        )
        for i in range(1_500)
    ]
    core = ObserveCore(0, NativeExchange, Settings())
    sightings: list[Output] = []
    for start in range(0, len(calls), 100):
        core.feed(events(calls[start : start + 100], first=start))
        core.feed(events([watermark(start)], first=start + 100))
        sightings += core.take().outputs
    steady = told(sightings, random.Random(seed), restart=False)
    assert told(sightings, random.Random(seed), restart=True) == steady
    assert any("{name}" in template for _, _, template in steady)
    works = sum(r.count for e in steady.values() for r in e.responses if r.status == 200)
    assert works == sum(c.response is not None and c.response.status == 200 for c in calls)
