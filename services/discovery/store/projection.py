"""Records of `endpoints` as rows, with the offsets that they end at, in one transaction.

In:     records of partitions, in their order.
Out:    rows.
Keeps:  nothing beside the database: whatever a process knew when it was killed is there.

1. the offsets move on, if they stand where this process left them; 2. rows; 3. commit. A kill
before 3 leaves all as it was, and the same records come again. Where the offsets stand elsewhere
another process fills the same database, and this one ends.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from sqlalchemy import Connection, CursorResult, Engine, bindparam, delete, insert, select, update

from schemas.codec import UndecodableError
from services.discovery.settings import Settings
from services.discovery.store.batch import Batch, Told
from services.discovery.store.tables import (
    ChangeRow,
    OffsetRow,
    OperationRow,
    ParameterRow,
    SensitiveRow,
)

TOPIC = "endpoints"
Offsets = dict[int, int]
"""Partition → the offset to read next."""


class BusyError(RuntimeError):
    """Another process fills the same database."""


class Projection:
    """The rows of one topic. Its methods raise SQLAlchemyError where the database refuses."""

    def __init__(self, engine: Engine, settings: Settings, topic: str = TOPIC) -> None:
        self._engine = engine
        self._topic = topic
        self._settings = settings
        with engine.connect() as connection:
            rows = connection.execute(select(OffsetRow).where(OffsetRow.topic == topic)).all()
        self.offsets: Offsets = {row.partition: row.next_offset for row in rows}

    def take(self, records: Sequence[Told]) -> list[str]:
        """Commit these records; what could not be read, a sentence each. Raises BusyError."""
        batch = Batch(replace(self._settings, baseline_s=0))
        ends = dict(self.offsets)
        unreadable: list[str] = []
        for record in records:
            ends[record.partition] = record.offset + 1
            try:
                batch.add(record)
            except UndecodableError as error:
                place = f"{self._topic}/{record.partition} at {record.offset}"
                unreadable.append(f"{place} is unreadable: {error}")
        with self._engine.begin() as connection:
            self._move(connection, ends)
            _write(connection, batch)
        self.offsets = ends
        return unreadable

    def _move(self, connection: Connection, ends: Mapping[int, int]) -> None:
        for partition, end in sorted(ends.items()):
            before = self.offsets.get(partition)
            if before == end:
                continue
            place = {"topic": self._topic, "partition": partition}
            if before is None:
                # A second process that begins meets the row of the first: the key is unique.
                connection.execute(insert(OffsetRow).values(**place, next_offset=end))
                continue
            moved: CursorResult[tuple[()]] = connection.execute(
                update(OffsetRow).filter_by(**place, next_offset=before).values(next_offset=end)
            )
            if moved.rowcount != 1:
                raise BusyError("another process fills the inventory's database")


def _write(connection: Connection, batch: Batch) -> None:
    taken_back = update(OperationRow).where(OperationRow.key.in_(batch.taken_back))
    if batch.taken_back:
        connection.execute(taken_back.values(removed=True))
    if not batch.rows:
        return
    asked = select(OperationRow.key).where(OperationRow.key.in_(batch.rows))
    there = set(connection.execute(asked).scalars())
    old = [{"_key": key, **row} for key, row in batch.rows.items() if key in there]
    new = [{"key": key, **row} for key, row in batch.rows.items() if key not in there]
    if old:
        one = update(OperationRow).where(OperationRow.key == bindparam("_key"))
        connection.execute(one, old)
    if new:
        connection.execute(insert(OperationRow), new)
    for part in (ParameterRow, SensitiveRow):
        connection.execute(delete(part).where(part.operation_key.in_(batch.rows)))
    told = select(ChangeRow.operation_key, ChangeRow.digest)
    known = set(map(tuple, connection.execute(told.where(ChangeRow.operation_key.in_(batch.rows)))))
    changed = [row for place, row in batch.changes.items() if place not in known]
    parameters = [row for rows in batch.parameters.values() for row in rows]
    kinds = [row for rows in batch.kinds.values() for row in rows]
    if parameters:
        connection.execute(insert(ParameterRow), parameters)
    if kinds:
        connection.execute(insert(SensitiveRow), kinds)
    if changed:
        connection.execute(insert(ChangeRow), changed)
