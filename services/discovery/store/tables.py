"""The tables of the inventory's database, and nothing that reads or fills them.

They belong to discovery: nothing but its projector writes them. `operations.record` is the whole
Endpoint as the topic has it; the other columns and tables are what people ask by.
"""

from typing import ClassVar

from sqlalchemy import BigInteger, Dialect, ForeignKey, LargeBinary, String, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator

KEY_DIGITS = 32


class Told(TypeDecorator[str]):
    """Text that clients sent. PostgreSQL refuses a NUL in text: U+FFFD stands in its place."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """On the way into the database, also in comparisons."""
        del dialect
        return None if value is None else value.replace("\0", "\N{REPLACEMENT CHARACTER}")


class Tables(DeclarativeBase):
    """What the migrations must arrive at."""

    type_annotation_map: ClassVar[dict[type, object]] = {str: Told, int: BigInteger}


class OperationRow(Tables):
    """One operation, the last word on it; one that is taken back stays and says so."""

    __tablename__ = "operations"

    key: Mapped[str] = mapped_column(String(KEY_DIGITS), primary_key=True)
    """Digest of the record's key: names that clients choose are too long for an index."""
    site: Mapped[str]
    host: Mapped[str]
    method: Mapped[str]
    template: Mapped[str]
    protocol: Mapped[str]
    operation: Mapped[str | None]
    application: Mapped[str]
    admitted: Mapped[bool]
    removed: Mapped[bool]
    first_us: Mapped[int]
    last_us: Mapped[int] = mapped_column(index=True)
    count: Mapped[int]
    risk: Mapped[int | None]
    unauthenticated: Mapped[float]
    """Share of requests that did not say who asks, 0 to 1."""
    record: Mapped[bytes] = mapped_column(LargeBinary)


class ParameterRow(Tables):
    """One parameter of an operation."""

    __tablename__ = "parameters"

    operation_key: Mapped[str] = mapped_column(
        String(KEY_DIGITS), ForeignKey("operations.key"), primary_key=True
    )
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    """Its place in the record's list."""
    place: Mapped[str]
    name: Mapped[str]
    schema: Mapped[str]
    required: Mapped[bool]
    count: Mapped[int]


class SensitiveRow(Tables):
    """One kind of sensitive data that an operation carries."""

    __tablename__ = "sensitive_kinds"

    operation_key: Mapped[str] = mapped_column(
        String(KEY_DIGITS), ForeignKey("operations.key"), primary_key=True
    )
    kind: Mapped[str] = mapped_column(String(64), primary_key=True)


class ChangeRow(Tables):
    """One change of an operation; a row is added once and never taken away."""

    __tablename__ = "changes"

    operation_key: Mapped[str] = mapped_column(
        String(KEY_DIGITS), ForeignKey("operations.key"), primary_key=True
    )
    digest: Mapped[str] = mapped_column(String(KEY_DIGITS), primary_key=True)
    """Of the moment, the kind and the part."""
    at_us: Mapped[int] = mapped_column(index=True)
    kind: Mapped[str]
    what: Mapped[str]


class OffsetRow(Tables):
    """How far a partition was read, in the transaction of the rows made of it."""

    __tablename__ = "offsets"

    topic: Mapped[str] = mapped_column(String(249), primary_key=True)
    partition: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    next_offset: Mapped[int]
