"""The inventory's database: migrated as the tables say, exact through kills, asked as the topic."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, event, select, text
from sqlalchemy.exc import IntegrityError

from schemas import codec, history, registry
from schemas.types import AuthUse, Endpoint, Parameter, Risk, SeenPart, UsageGap
from services.discovery.settings import Settings
from services.discovery.store import asking
from services.discovery.store.batch import Told
from services.discovery.store.database import migrated, opened
from services.discovery.store.projection import BusyError, Projection
from services.discovery.store.tables import (
    ChangeRow,
    OffsetRow,
    OperationRow,
    ParameterRow,
    SensitiveRow,
    Tables,
)
from services.discovery.wanted import Wanted

DAY_US = 86_400_000_000
EXAMPLE = Endpoint.from_avro(next(iter(history.examples(registry.current()["Endpoint"]).values())))
TABLES = (OperationRow, ParameterRow, SensitiveRow, ChangeRow, OffsetRow)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    made = opened(f"sqlite:///{tmp_path}/inventory.db")
    migrated(made)
    yield made
    made.dispose()


def endpoint(number: int, **changed: object) -> Endpoint:
    plain = replace(
        EXAMPLE, host="shop.example", method="GET", template=f"/a/{number}", operation=None,
        admitted=True, removed=False, first_us=DAY_US, last_us=2 * DAY_US, count=number,
        seen=(), gaps=(), auth=(), sensitive=(), risk=None, parameters=(),
    )  # fmt: skip
    return replace(plain, **changed)  # type: ignore[arg-type]


def told(offset: int, record: Endpoint | None, key: str = "", partition: int = 0) -> Told:
    name = key or (record.template if record else "")
    return Told(partition, offset, name.encode(), codec.encode(record) if record else None)


def rows(engine: Engine) -> dict[str, list[tuple[object, ...]]]:
    with engine.connect() as connection:
        return {
            table.__tablename__: sorted(map(tuple, connection.execute(select(table.__table__))))
            for table in TABLES
        }


def records() -> list[Told]:
    """A history with repeats, two partitions, one taken back and one that cannot be read."""
    first = [told(n, endpoint(n, sensitive=("card",) if n % 2 else ())) for n in range(20)]
    again = [
        told(20 + n, endpoint(n, count=100 + n, last_us=40 * DAY_US, gaps=GAPS)) for n in range(10)
    ]
    return [*first, told(5, None, "/a/7", 1), *again, Told(0, 30, b"bad", b"\0\1")]


GAPS = (UsageGap(from_us=3 * DAY_US, to_us=39 * DAY_US),)


def test_migrations_arrive_at_the_tables(engine: Engine) -> None:
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Tables.metadata) == []


def test_migrations_run_once_and_keep_rows(engine: Engine) -> None:
    Projection(engine, Settings()).take([told(0, endpoint(1))])
    before = rows(engine)
    migrated(engine)
    assert rows(engine) == before


@pytest.mark.parametrize("size", [1, 3, 7, 100])
def test_rows_do_not_depend_on_batches_and_restarts(
    engine: Engine, tmp_path: Path, size: int
) -> None:
    whole = Projection(engine, Settings())
    assert len(whole.take(records())) == 1
    other = opened(f"sqlite:///{tmp_path}/other.db")
    migrated(other)
    for first in range(0, len(records()), size):
        Projection(other, Settings()).take(records()[first : first + size])
    assert rows(other) == rows(engine)
    assert rows(engine)["changes"]
    other.dispose()


@pytest.mark.parametrize("dies_at", range(1, 9))
def test_whatever_statement_fails_nothing_is_kept(engine: Engine, dies_at: int) -> None:
    """Offsets and rows are one transaction: what is not whole is not there."""
    projection = Projection(engine, Settings())
    projection.take(records()[:5])
    before, count = rows(engine), 0

    def fail(*_: object) -> None:
        nonlocal count
        count += 1
        if count == dies_at:
            raise RuntimeError("the process ends here")

    event.listen(engine, "before_cursor_execute", fail)
    with pytest.raises(RuntimeError):
        projection.take(records()[5:])
    event.remove(engine, "before_cursor_execute", fail)
    assert rows(engine) == before
    Projection(engine, Settings()).take(records()[5:])
    assert len(rows(engine)["operations"]) == 20


def test_two_that_fill_one_database_do_not_mix(engine: Engine) -> None:
    first, second = Projection(engine, Settings()), Projection(engine, Settings())
    first.take([told(0, endpoint(1))])
    with pytest.raises(IntegrityError):
        second.take([told(0, endpoint(1))])
    late = Projection(engine, Settings())
    first.take([told(1, endpoint(2))])
    with pytest.raises(BusyError):
        late.take([told(1, endpoint(2))])


def test_taken_back_is_not_listed_and_not_forgotten(engine: Engine) -> None:
    projection = Projection(engine, Settings())
    projection.take([told(0, endpoint(1)), told(1, None, "/a/1"), told(2, endpoint(2))])
    projection.take([told(3, replace(endpoint(2), removed=True))])
    assert asking.known(engine, Wanted()) == []
    assert len(rows(engine)["operations"]) == 2
    projection.take([told(4, endpoint(1))])
    assert asking.known(engine, Wanted()) == [endpoint(1)]


def test_what_was_known_of_an_operation_outlives_it(engine: Engine) -> None:
    projection = Projection(engine, Settings())
    known = endpoint(1, last_us=50 * DAY_US, gaps=GAPS, sensitive=("card",))
    projection.take([told(0, known)])
    before = rows(engine)
    gone = replace(known, removed=True, count=1, gaps=(), sensitive=(), parameters=())
    projection.take([told(1, gone)])
    after = rows(engine)
    assert asking.known(engine, Wanted()) == []
    assert [after[name] for name in ("parameters", "sensitive_kinds", "changes")] == [
        before[name] for name in ("parameters", "sensitive_kinds", "changes")
    ]
    kinds = [(change.kind, one.count) for change, one in asking.history(engine, Wanted(), 0)]
    assert kinds == [("new", 1), ("unused", 1), ("gone", 1), ("returned", 1)]


def test_history_is_kept_when_the_record_forgets_it(engine: Engine) -> None:
    projection = Projection(engine, Settings())
    part = SeenPart(what="query x", first_us=5 * DAY_US, last_us=5 * DAY_US)
    projection.take([told(0, endpoint(1, last_us=50 * DAY_US, gaps=GAPS, seen=(part,)))])
    projection.take([told(1, endpoint(1, last_us=51 * DAY_US))])
    found = [(c.at_us // DAY_US, c.kind, c.what) for c, _ in asking.history(engine, Wanted(), 0)]
    assert found == [
        (1, "new", ""),
        (5, "changed", "query x is new"),
        (10, "unused", ""),
        (12, "changed", "query x is not used any more"),
        (33, "gone", ""),
        (39, "returned", ""),
    ]
    late = asking.history(engine, Wanted(), 39 * DAY_US)
    assert [change.kind for change, _ in late] == ["returned"]


KINDS = [
    endpoint(1, sensitive=("card", "email"), risk=Risk(score=8, factors=())),
    endpoint(2, method="POST", auth=(AuthUse(kind="none", coverage=0.5),)),
    endpoint(3, host="other.example", risk=Risk(score=3, factors=()), sensitive=("email",)),
    endpoint(4, host="a\0b", auth=(AuthUse(kind="bearer", coverage=1.0),)),
]


@pytest.mark.parametrize(
    ("wanted", "numbers"),
    [
        (Wanted(), [1, 2, 3, 4]),
        (Wanted(host="shop.example"), [1, 2]),
        (Wanted(host="a\0b"), [4]),
        (Wanted(method="POST"), [2]),
        (Wanted(sensitive="email"), [1, 3]),
        (Wanted(sensitive="email", host="shop.example"), [1]),
        (Wanted(unauthenticated=True), [2]),
        (Wanted(risk_min=3), [1, 3]),
        (Wanted(risk_min=4), [1]),
    ],
    ids=str,
)
def test_the_database_answers_as_the_topic_does(
    engine: Engine, wanted: Wanted, numbers: list[int]
) -> None:
    Projection(engine, Settings()).take([told(n, e) for n, e in enumerate(KINDS)])
    assert sorted(e.count for e in asking.known(engine, wanted)) == numbers
    assert sorted(e.count for e in KINDS if wanted.fits(e)) == numbers


def test_parameters_are_rows(engine: Engine) -> None:
    made = Parameter(
        place="query", name="q\0", schema='{"type":"string"}', required=True, count=3, sensitive=()
    )
    Projection(engine, Settings()).take([told(0, endpoint(1, parameters=(made, made)))])
    Projection(engine, Settings()).take([told(1, endpoint(1, parameters=(made,)))])
    with engine.connect() as connection:
        found = connection.execute(text("SELECT place, name, required FROM parameters")).all()
    assert [tuple(row) for row in found] == [("query", "q\N{REPLACEMENT CHARACTER}", 1)]


@pytest.mark.parametrize(
    "url", ["nonsense", "mysql://root:hidden@h/x", "sqlite://", "sqlite:///:memory:"]
)
def test_other_urls_are_refused_without_being_shown(url: str) -> None:
    with pytest.raises(ValueError, match="store") as refused:
        opened(url)
    assert "hidden" not in str(refused.value)
