"""Every core of every service against the contract, on what reaches it in the pipeline."""

import random
from collections.abc import Sequence

import pytest

from services.runtime.core import Changes, Event, Output, Row
from tests.broker.toy import service as toy
from tests.unit.runtime import contract
from tests.unit.runtime.contract import Case
from tests.unit.runtime.recorded import SERVICES, made

CUTS = 6
# Topics of partial sums: where they are cut is free, what they add up to is not (design §1).
PARTIALS = {"sightings", "signals", "weaknesses"}


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
