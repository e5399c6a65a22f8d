"""Every core of every service against the contract, on what reaches it in the pipeline."""

import importlib
import random
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path

import pytest

from schemas.codec import encode
from services.runtime.core import Changes, Core, Event, Output, Row, Service
from services.runtime.inline import Pipeline
from services.runtime.run import make_service
from services.runtime.settings import Deployment
from tests.broker.toy import service as toy
from tests.traffic import exchange, halves, watermark
from tests.unit.capture.wire import shop, write_pcap
from tests.unit.runtime import contract

TREE = Path(__file__).parent.parent.parent.parent
SERVICES = sorted(path.parent.name for path in TREE.glob("services/*/worker.py"))
SERVICES.remove("runtime")
# Enough that tables have rows to restore and windows close; all services in a few seconds.
EXCHANGES = 150
# Paths that one client guesses in a quarter of a minute.
WORDS = ("admin", "backup", "config", "db", "dump", "old", "phpinfo", "shell", "test")
WALK = [f"/{word}{end}" for end in (".php", ".zip", "/", ".bak", ".sql") for word in WORDS]
CHUNK = 25
CUTS = 6
# Topics of partial sums: where they are cut is free, what they add up to is not (design §1).
PARTIALS = {"sightings", "signals"}
PATHS = ("/", "/login?user=a'%20OR%20'1'='1", "/users/17", "/users/18/orders/5", "/search?q=shoes")


@cache
def made(name: str) -> Service:
    """A real service, with the settings of a deployment that says nothing."""
    return make_service(name, Deployment({}, {}))


def traffic() -> Iterator[Output]:
    """Clients that look around, guess paths and attack, in the order of time."""
    dice = random.Random(3)
    for serial, path in enumerate(WALK):
        record = exchange(path, 404, at_s=serial * 0.3, client="203.0.113.9")
        yield Output("exchanges", record.client_ip.encode(), encode(record))
    for serial in range(EXCHANGES):
        at_s = len(WALK) + serial * 4
        guess = dice.random() < 0.4
        path = f"/backup-{dice.randrange(60)}.zip" if guess else dice.choice(PATHS)
        whole = exchange(
            path,
            404 if guess else 200,
            at_s=at_s,
            client=f"198.51.100.{dice.randrange(4)}",
            got=b'{"id": %d, "name": "x"}' % serial,
            got_headers=((b"Content-Type", b"application/json"),),
            serial=serial,
        )
        for record in halves(whole) if dice.random() < 0.2 else [whole]:
            yield Output("exchanges", record.client_ip.encode(), encode(record))
        if serial % 10 == 9:
            yield Output("exchanges", None, encode(watermark(at_s - 1)))
    end = watermark(len(WALK) + EXCHANGES * 4, released=True)
    yield Output("exchanges", None, encode(end))


def blocks(folder: Path) -> list[Output]:
    """What an agent makes of a capture file."""
    native = importlib.import_module("sidetap_native")
    file = native.CaptureFile(str(write_pcap(folder / "shop.pcap", shop(5, 6))))
    packer = native.Packer(site="s", agent="a", epoch="e", partitions=1, block_bytes=2_000)
    packed = []
    while not file.done:
        packed += packer.read(file, 100)
    packed += packer.end()
    return [Output("packets", None, block.record) for block in packed]


@pytest.fixture(scope="session")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Event]]:
    """Every record of every topic when all services run on the traffic."""
    services = [made(name) for name in SERVICES]
    topics = {topic for service in services for topic in service.inputs} | {"findings"}
    pipeline, events = Pipeline(services, topics), defaultdict[str, list[Event]](list)
    records = [*traffic(), *blocks(tmp_path_factory.mktemp("capture"))]
    for first in range(0, len(records), CHUNK):
        for output in pipeline.feed(records[first : first + CHUNK]):
            known = events[output.topic]
            known.append(Event(output.topic, 0, len(known), output.key, output.value))
    return events


def cores() -> Iterator[tuple[str, str]]:
    """(service, input topic) of every core there is."""
    for name in SERVICES:
        yield from ((name, topic) for topic in made(name).inputs)


@pytest.fixture(params=list(cores()), ids="/".join)
def case(
    request: pytest.FixtureRequest, recorded: dict[str, list[Event]]
) -> tuple[Callable[[], Core], list[Event], str]:
    """How to make a core, what reaches it, and from where."""
    name, topic = request.param
    return lambda: made(name).inputs[topic](0), recorded[topic], topic


Case = tuple[Callable[[], Core], list[Event], str]


def cuts(events: Sequence[Event]) -> list[int]:
    return sorted(random.Random(5).choices(range(len(events) + 1), k=CUTS))


def test_there_is_something_to_work_on(case: Case) -> None:
    make, events, _ = case
    assert len(events) > CUTS
    assert contract.calm(make, events).outputs


def settled(outputs: list[Output]) -> object:
    """Partial sums as the core that adds them up tells of them in the end."""
    partial = [output for output in outputs if output.topic in PARTIALS]
    whole = [output for output in outputs if output.topic not in PARTIALS]
    told = {}
    for name in SERVICES:
        for topic, make in made(name).inputs.items():
            records = [output for output in partial if output.topic == topic]
            adding = [Event(topic, 0, i, r.key, r.value) for i, r in enumerate(records)]
            for output in contract.calm(lambda make=make: make(0), adding).outputs:  # type: ignore[misc]
                told[output.topic, output.key] = output.value
    return whole, told


def test_cuts_do_not_matter(case: Case) -> None:
    make, events, _ = case
    contract.check_cuts(make, events, cuts(events), settled)


def test_every_event_may_be_a_batch(case: Case) -> None:
    make, events, _ = case
    contract.check_cuts(make, events, range(1, len(events)), settled)


def test_a_restored_core_goes_on(case: Case) -> None:
    make, events, _ = case
    contract.check_restore(make, events, cuts(events))


def test_what_was_taken_is_gone(case: Case) -> None:
    make, events, _ = case
    contract.check_take_twice(make, events)


def test_rows_are_bytes(case: Case) -> None:
    make, events, _ = case
    contract.check_rows(make, events, cuts(events))


def test_rubbish_is_a_value(case: Case) -> None:
    make, events, topic = case
    contract.check_rubbish(make, events, topic, settled)


class Forgetful:
    """A core with a wish: to be caught by the contract."""

    def __init__(self, fault: str) -> None:
        self.core, self.fault, self.batches = toy("t").inputs["t-in"](0), fault, 0

    def restore(self, rows: Sequence[Row]) -> None:
        self.core.restore([] if self.fault == "forgets" else rows)

    def learn(self, event: Event) -> None:
        self.core.learn(event)

    def feed(self, events: Sequence[Event]) -> None:
        self.core.feed(events)

    def take(self) -> Changes:
        changes = self.core.take()
        if self.fault == "counts batches" and changes.outputs:
            self.batches += 1
            changes.outputs.append(Output("t", None, b"%d" % self.batches))
        return changes


@pytest.mark.parametrize("fault", ["none", "forgets", "counts batches"])
def test_the_contract_finds_what_is_wrong(fault: str) -> None:
    events = [Event("t-in", 0, i, b"k%d" % (i % 3), b"%d" % i) for i in range(20)]

    def checked() -> None:
        for check in (contract.check_cuts, contract.check_restore):
            check(lambda: Forgetful(fault), events, [3, 9, 9])  # type: ignore[arg-type,return-value]

    if fault == "none":
        checked()
    else:
        with pytest.raises(AssertionError):
            checked()
