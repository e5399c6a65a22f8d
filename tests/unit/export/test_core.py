"""Export as a core: records in, events out, nothing kept."""

import orjson
import pytest

from schemas import codec, history, registry, types
from services.export.settings import Settings
from services.export.worker import service
from services.runtime.core import Core, Event, Service

FINDING = types.Finding.from_avro(history.examples(registry.current()["Finding"])["attack"])
EXCHANGE = types.Exchange.from_avro(history.examples(registry.current()["Exchange"])["ordinary"])
MARK = types.Watermark(source="packets/0", sources=1, site="default", at_us=1, released=False)


@pytest.fixture
def whole(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Service:
    """Everything on; the masking key of a machine that has none yet."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
    return service(Settings(exchanges=True))


def core(made: Service, topic: str) -> Core:
    started = made.inputs[topic](0)
    started.restore(())
    return started


def events(topic: str, *records: bytes | None) -> list[Event]:
    return [Event(topic, 0, at, b"key", record) for at, record in enumerate(records)]


def test_exchanges_go_out_only_where_asked(whole: Service) -> None:
    assert service(Settings()).inputs.keys() == {"findings"}
    assert whole.inputs.keys() == {"findings", "exchanges"}
    assert whole.state is None


def test_a_finding_is_an_event_by_its_id(whole: Service) -> None:
    working = core(whole, "findings")
    working.feed(events("findings", codec.encode(FINDING)))
    (output,) = working.take().outputs
    assert (output.topic, output.key) == ("siem.ocsf", FINDING.id.encode())
    assert orjson.loads(output.value or b"")["class_uid"] == 2004
    assert working.take().outputs == []


def test_an_exchange_is_an_event_and_a_watermark_is_none(whole: Service) -> None:
    working = core(whole, "exchanges")
    working.feed(events("exchanges", codec.encode(MARK), codec.encode(EXCHANGE)))
    changes = working.take()
    (output,) = changes.outputs
    assert output.key == EXCHANGE.id.encode()
    assert orjson.loads(output.value or b"")["class_uid"] == 4002
    assert changes.rejected == []


@pytest.mark.parametrize("topic", ["findings", "exchanges"])
@pytest.mark.parametrize(
    "record", [None, b"", b"\xc3\x01", codec.encode(EXCHANGE)[:40], codec.encode(FINDING)[:40]]
)
def test_what_cannot_be_read_is_rejected_with_a_reason(
    whole: Service, topic: str, record: bytes | None
) -> None:
    working = core(whole, topic)
    working.feed(events(topic, record))
    changes = working.take()
    assert changes.outputs == []
    (rejected,) = changes.rejected
    assert rejected.event.value == record
    assert rejected.reason


def test_batches_do_not_matter(whole: Service) -> None:
    records = [codec.encode(FINDING), None, codec.encode(FINDING)]
    at_once, one_by_one = core(whole, "findings"), core(whole, "findings")
    at_once.feed(events("findings", *records))
    together = at_once.take()
    apart = []
    for event in events("findings", *records):
        one_by_one.feed([event])
        apart += one_by_one.take().outputs
    assert apart == together.outputs
