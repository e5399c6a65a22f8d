"""Every example exchange passes every service that reads exchanges.

The modes of a web server's mirror and of eBPF come later, but their records may not stop anyone
today: whatever a schema allows is either understood or left alone.
"""

import hashlib
import ipaddress
import struct
from collections.abc import Iterator
from dataclasses import replace

import pytest
from sidetap_native import Reassembler

from schemas import codec, history, registry, types
from schemas.topics import topics
from services.runtime.core import EVERY, Changes, Core, Event, Row, Service
from services.runtime.run import make_service
from services.runtime.settings import Deployment

TOPIC = "exchanges"
READERS = [name for name in topics()[TOPIC].readers if name != "people"]
SCHEMA = registry.current()["Exchange"]
EXAMPLES = {
    name: types.Exchange.from_avro(value) for name, value in history.examples(SCHEMA).items()
}
# After everything that the examples say, so that whatever waits for time gets it.
LATER_US = max(exchange.at_us for exchange in EXAMPLES.values()) + 7 * 86_400_000_000


@pytest.fixture(scope="session")
def services(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Service]:
    """Each service with everything on, on a machine that has no masking key yet.

    Made once: compiling all the patterns of detect takes seconds.
    """
    everything = Deployment(sections={"export": {"exchanges": True}})
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        return {name: make_service(name, everything) for name in READERS}


@pytest.fixture(params=READERS)
def service(request: pytest.FixtureRequest, services: dict[str, Service]) -> Service:
    return services[request.param]


def begin(service: Service, rows: Iterator[Row] | tuple[Row, ...] = ()) -> Core:
    core = service.inputs[TOPIC](0)
    core.restore(rows)
    return core


def feed(core: Core, *records: types.Exchange | types.Watermark, first: int = 0) -> Changes:
    core.feed(
        [Event(TOPIC, 0, first + i, b"key", codec.encode(item)) for i, item in enumerate(records)]
    )
    return core.take()


def check(service: Service, changes: Changes) -> None:
    """Nothing was rejected, and what came out belongs on its topic."""
    assert changes.rejected == []
    for output in changes.outputs:
        topic = topics()[output.topic]
        assert service.name in topic.writers
        assert output.partition in (None, EVERY) or output.partition in range(topic.partitions)
        if topic.schema and output.value is not None:
            assert codec.name_of(output.value) in topic.schema
            codec.decode(output.value)
    assert service.state is not None or not changes.rows


def test_somebody_reads_exchanges() -> None:
    assert {"detect", "browsing", "discovery", "export"} <= set(READERS)


@pytest.mark.parametrize("name", EXAMPLES)
def test_each_alone(service: Service, name: str) -> None:
    check(service, feed(begin(service), EXAMPLES[name]))


def test_all_of_them_twice_and_then_the_end_of_time(service: Service) -> None:
    core = begin(service)
    check(service, feed(core, *EXAMPLES.values()))
    check(service, feed(core, *EXAMPLES.values(), first=100))
    late = types.Watermark(
        source="packets/0", sources=1, site="default", at_us=LATER_US, released=True
    )
    check(service, feed(core, late, first=200))


def test_state_after_them_can_be_taken_over(service: Service) -> None:
    kept: dict[bytes, bytes | None] = {}
    for row in feed(begin(service), *EXAMPLES.values()).rows:
        kept.pop(row.key, None)
        kept[row.key] = row.value
    rows = tuple(Row(key, value) for key, value in kept.items() if value is not None)
    check(service, feed(begin(service, rows), *EXAMPLES.values(), first=100))


def id_of(exchange: types.Exchange) -> str:
    """The id of a request, from docs/architecture.md: what is on the wire and nothing else."""
    ends = [(exchange.client_ip, exchange.client_port), (exchange.server_ip, exchange.server_port)]
    sides = sorted(
        b"\xff" * 12 + ipaddress.IPv4Address(ip).packed + port.to_bytes(2) for ip, port in ends
    )
    site = exchange.site.encode()
    numbers = struct.pack(">III", exchange.request_seq or 0, exchange.stream or 0, 0)
    whole = b"q" + len(site).to_bytes(2) + site + b"".join(sides) + numbers
    return hashlib.sha256(whole).hexdigest()[:32]


def test_the_packets_shown_are_the_exchange_shown() -> None:
    """The block of packets holds the ordinary exchange: same bytes, same id, everywhere."""
    blocks = registry.current()["PacketBlock"]
    data = types.PacketBlock.from_avro(history.examples(blocks)["data"])
    end = replace(data, sequence=1, kind="end", packets=0, captured_bytes=0, data=b"")
    reassembler = Reassembler(f"packets/{data.partition}")
    assert reassembler.feed([codec.encode(data), codec.encode(end)]) == []
    records = [codec.decode(record) for _, record in reassembler.take().outputs]
    (made,) = [record for record in records if isinstance(record, types.Exchange)]
    shown = EXAMPLES["ordinary"]
    assert shown.id == id_of(shown)
    assert (made.id, made.community_id) == (shown.id, shown.community_id)
    assert made.request is not None
    assert shown.request is not None
    assert made.request.target == shown.request.target


@pytest.mark.parametrize("name", ["heartbeat", "end"])
def test_blocks_without_packets_are_read(name: str) -> None:
    blocks = registry.current()["PacketBlock"]
    block = types.PacketBlock.from_avro(history.examples(blocks)[name])
    assert Reassembler("packets/3").feed([codec.encode(block)]) == []
