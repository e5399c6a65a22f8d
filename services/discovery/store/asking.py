"""What people ask of the database; `Wanted.fits` says the same of single records."""

from collections.abc import Iterator

from sqlalchemy import Engine, Select, select

from schemas.codec import decode_as
from schemas.types import Endpoint
from services.discovery.changes import Change
from services.discovery.store.tables import ChangeRow, OperationRow, SensitiveRow
from services.discovery.wanted import Wanted


def known(engine: Engine, wanted: Wanted) -> list[Endpoint]:
    """These operations, in no order. Raises SQLAlchemyError, UndecodableError."""
    with engine.connect() as connection:
        rows = connection.execute(_fitting(wanted).where(~OperationRow.removed)).all()
    return [decode_as(Endpoint, row.record) for row in rows]


def history(engine: Engine, wanted: Wanted, since_us: int) -> Iterator[tuple[Change, Endpoint]]:
    """Changes of these operations since then that are over and done, in the order of time.

    Also of those that were taken back: history is not.
    """
    operations = _fitting(wanted).subquery()
    asked = (
        select(ChangeRow.at_us, ChangeRow.kind, ChangeRow.what, operations.c.record)
        .join(operations, operations.c.key == ChangeRow.operation_key)
        .where(ChangeRow.at_us >= since_us)
        .order_by(ChangeRow.at_us, ChangeRow.kind, ChangeRow.what)
    )
    with engine.connect() as connection:
        rows = connection.execute(asked).all()
    for row in rows:
        yield Change(row.at_us, row.kind, row.what), decode_as(Endpoint, row.record)


def _fitting(wanted: Wanted) -> Select[str, bytes]:
    """Key and record."""
    asked = select(OperationRow.key, OperationRow.record)
    if wanted.host is not None:
        asked = asked.where(OperationRow.host == wanted.host)
    if wanted.method is not None:
        asked = asked.where(OperationRow.method == wanted.method)
    if wanted.sensitive is not None:
        kinds = select(SensitiveRow.operation_key).where(SensitiveRow.kind == wanted.sensitive)
        asked = asked.where(OperationRow.key.in_(kinds))
    if wanted.unauthenticated:
        asked = asked.where(OperationRow.unauthenticated > 0)
    if wanted.risk_min is not None:
        asked = asked.where(OperationRow.risk >= wanted.risk_min)
    return asked
