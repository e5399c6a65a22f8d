"""An upgrade in mid-run: today's code goes on from what another release left, field by field.

Part of what reaches a core is worked through; its rows become what another release wrote; a new
core goes on from them. It must end as the core that never stopped. The same holds for records that
wait on the topics it reads.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from schemas import codec, registry
from schemas.types import PolicyEntry
from services.browsing.core import BrowsingCore
from services.runtime.core import Event, Row
from services.runtime.table import RowError
from tests.past_schemas import Tree, another_release, plain, rewritten
from tests.unit.runtime import contract
from tests.unit.runtime.contract import Case, Told
from tests.unit.runtime.recorded import cores, made

# Discovery keeps records as rows; native code reads them, so only their past may differ.
READ_NATIVELY = {"Exchange"}
# Its rows are native ones: tests/golden/test_state_rows.py upgrades them.
NATIVE_ROWS = "packets"


@pytest.fixture
def tree(tmp_path: Path) -> Iterator[Tree]:
    with another_release(tmp_path) as made:
        yield made


def learned(make: contract.Make) -> list[Event]:
    """What people said before to browsing: a rate limit on trial, for buckets are state."""
    if not isinstance(make(), BrowsingCore):
        return []
    limit = PolicyEntry(
        id="limit/all", kind="limit", site="", host="", path="", where="",
        body='{"requests": 1, "seconds": 3600}', by="", at_us=0, removed=False,
    )  # fmt: skip
    return [Event("policy", 0, 0, limit.id.encode(), codec.encode(limit))]


def middle(case: Case) -> int:
    """Where the state has rows of most kinds: so many events were worked through."""
    make, events, _ = case
    core, told, kinds = contract.begun(make, (), learned(make)), Told(), []
    for event in events[:-1]:
        core.feed([event])
        told.add(core.take())
        kinds.append(len({key.partition(b"/")[0] for key in told.log}))
    return kinds.index(max(kinds)) + 1


def half(case: Case) -> Told:
    """What a core left that was stopped in the middle."""
    make, events, _ = case
    return contract.calm(make, events[: middle(case)], learned(make))


def gone_on(case: Case, before: Told, rows: Sequence[Row]) -> Told:
    """A new core does the rest from these rows."""
    make, events, _ = case
    core = contract.begun(make, rows, learned(make))
    core.feed(events[middle(case) :])
    told = Told(list(before.outputs), list(before.rejected), dict(before.log))
    told.log = {row.key: row.value for row in rows if row.value is not None}
    told.add(core.take())
    return told


def fields(told: Told) -> tuple[list[Any], list[Any]]:
    """Outputs and state in their order, each record by its fields."""
    outputs = [(o.topic, o.key, o.partition, plain(o.value)) for o in told.outputs]
    return outputs, [(key, plain(value)) for key, value in told.log.items()]


def steady(case: Case) -> Told:
    """The core that never stopped."""
    make, events, _ = case
    return contract.cut(make, events, [middle(case)], learned(make))


def names(rows: Sequence[Row]) -> set[str]:
    """The records that stand in Avro rows."""
    avro = (row.value for row in rows if row.value and row.value.startswith(registry.MARKER))
    return {codec.name_of(value) for value in avro}


def of_today(rows: Sequence[Row]) -> set[str]:
    """Of these, the records that today's schema wrote."""
    heads = tuple(map(registry.head, registry.current()))
    return names([row for row in rows if row.value and row.value.startswith(heads)])


def test_rows_without_a_field_that_came_later(case: Case, tree: Tree) -> None:
    before = half(case)
    rows = rewritten(before.rows(), tree)
    assert of_today(rows) == set()
    told, calm = gone_on(case, before, rows), steady(case)
    assert told.rejected == calm.rejected
    assert fields(told) == fields(calm)


def test_rows_of_today_when_every_record_has_grown(case: Case, tree: Tree) -> None:
    """Also the records inside a record have."""
    before, calm = half(case), steady(case)
    for name in names([*before.rows(), *calm.rows()]) - READ_NATIVELY:
        tree.newer(name)
    assert of_today(before.rows()) <= READ_NATIVELY
    told = gone_on(case, before, before.rows())
    assert told.rejected == calm.rejected
    assert fields(told) == fields(calm)


def test_every_kind_of_row_was_upgraded(recorded: dict[str, list[Event]]) -> None:
    """Of what is kept as Avro, but for what takes more traffic than is worked through here."""
    seen = set()
    for name, topic in cores():
        make = partial(made(name).inputs[topic], 0)
        seen |= names(half((make, recorded[topic], topic)).rows())
    states = {registry.read_schema(path).name for path in registry.FOLDER.glob("state/*.avsc")}
    assert {"Finding", "Exchange"} <= seen
    assert states - seen <= {"HostLimit", "ClosedFinding", "ToldChange"}


def test_records_of_an_older_release_on_the_topics(case: Case, tree: Tree) -> None:
    make, events, _ = case
    calm = contract.calm(make, events)
    older = rewritten([Row(event.key or b"", event.value) for event in events], tree)
    assert names(older)
    assert of_today(older) == set()
    waiting = [replace(event, value=row.value) for event, row in zip(events, older, strict=True)]
    told = contract.calm(make, waiting)
    assert told.rejected == []
    assert fields(told) == fields(calm)


def test_a_row_of_a_newer_version_is_refused(case: Case) -> None:
    make, _, topic = case
    rows = half(case).rows()
    if topic == NATIVE_ROWS:
        newer = [Row(row.key, b"\x63" + row.value[1:]) for row in rows if row.value]
        with pytest.raises(ValueError, match="version 99, this worker reads version 3"):
            contract.begun(make, newer)
        return
    newer = [
        Row(row.key, row.value[:2] + b"newerone" + row.value[10:]) for row in rows if row.value
    ]
    for row in newer:
        with pytest.raises(RowError, match="cannot be read by this version: unknown schema finger"):
            contract.begun(make, [row])
