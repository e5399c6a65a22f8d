"""Keyed state of a Python core.

In:     rows at restore; get, put and delete while events are worked through.
Out:    what changed since the last `take`, as state rows and tombstones.
Keeps:  every row as bytes, decoded only when touched; the order in which rows were last written.

The order is part of the state: the changelog keeps it (compaction does not reorder), so which row
is the oldest, and which one gives way at the limit, is the same after a restart.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Generic, TypeVar

from schemas.codec import UndecodableError, leading, name_of
from schemas.registry import MARKER
from services.runtime.core import Row

V = TypeVar("V")

# Decoded values kept beside their bytes between batches: what is hot is decoded once. Beyond it
# all are let go at a batch's end; 20,000 values of some 2 KB are 40 MB.
DECODED_MAX = 20_000
# Stands for stored bytes that no longer count. No codec of ours writes nothing.
OUTDATED = b""
# The first field of records that are of a site.
SITE = "site"
# Of a key in an error message.
SHOWN_BYTES_MAX = 40


class RowError(Exception):
    """A stored row that cannot be read, and why, in one sentence.

    No ValueError: cores take that for a fault of the event at hand, and would reject it.
    """


class Table(Generic[V]):
    """Rows of one kind, by key.

    `name` separates tables of one core; `rows_max` bounds them: beyond it the row that was
    written longest ago gives way. A value that was changed in place must be `put` again, or the
    change is lost. `site` says whose row a value is, for good: `expired` looks at one site's rows
    only, so that one whose time stands still keeps no other's; where a record's first field is
    called `site`, it must be that one, for a restore reads no more of it. A row that `decode`
    refuses ends the worker: RowError.
    """

    def __init__(
        self,
        name: str,
        encode: Callable[[V], bytes],
        decode: Callable[[bytes], V],
        *,
        rows_max: int,
        site: Callable[[V], str] | None = None,
    ) -> None:
        self.name = name
        self.rows_max = rows_max
        self.evicted = 0
        """Rows that gave way since the table was made."""
        self.stored_bytes = 0
        """Bytes of keys and values as stored, without what changed since the last `take`."""
        self._prefix = name.encode() + b"/"
        self._encode = encode
        self._decode = decode
        self._site = site
        # The keys of each site in the order of the last write.
        self._queues: dict[str, OrderedDict[bytes, None]] = {}
        # As stored, in the order of the last write; None: not stored yet, only in `_decoded`.
        self._rows: OrderedDict[bytes, bytes | None] = OrderedDict()
        self._decoded: dict[bytes, V] = {}
        # True: to store; False: a stored row to delete.
        self._changed: dict[bytes, bool] = {}

    def __len__(self) -> int:
        return len(self._rows)

    def __contains__(self, key: bytes) -> bool:
        return key in self._rows

    def get(self, key: bytes) -> V | None:
        """The value, decoded on first touch."""
        found = self._decoded.get(key)
        if found is None:
            stored = self._rows.get(key)
            if stored is None:
                return None
            found = self._decoded[key] = self._value(key, stored)
        return found

    def put(self, key: bytes, value: V) -> tuple[bytes, V] | None:
        """Write a row, which becomes the newest. Gives back the row that gave way, if one did."""
        deleted = self._changed.pop(key, True) is False
        self._changed[key] = True  # at the end: the order of changes is that of last writes
        self._decoded[key] = value
        if key in self._rows:
            self._rows.move_to_end(key)
            self._queue(key).move_to_end(key)
            return None
        self._queue(key)[key] = None
        # Deleted and written again before a `take`: the changelog still has the row.
        self._rows[key] = OUTDATED if deleted else None
        if len(self._rows) <= self.rows_max:
            return None
        self.evicted += 1
        return self._pop_oldest()

    def delete(self, key: bytes) -> None:
        """Remove a row; nothing happens where there is none."""
        if key not in self._rows:
            return
        self._unqueue(key)
        stored = self._rows.pop(key)
        self._decoded.pop(key, None)
        self._changed.pop(key, None)
        if stored is not None:
            self._changed[key] = False
            self.stored_bytes -= len(key) + len(stored) if stored else 0

    def expired(self, site: str, old: Callable[[V], bool]) -> Iterator[tuple[bytes, V]]:
        """Remove and give the rows of a site written longest ago while they are old."""
        while queue := self._queues.get(site):
            key = next(iter(queue))
            value = self._present(key)
            if not old(value):
                return
            self.delete(key)
            yield key, value

    def items(self) -> Iterator[tuple[bytes, V]]:
        """Every row in the order of last writes, decoded without being kept decoded."""
        for key in self._rows:
            yield key, self._seen(key)

    def take(self) -> list[Row]:
        """Rows that changed since the last call, in the order of their last writes."""
        taken = []
        for key, written in self._changed.items():
            value = None
            if written:
                value = self._encode(self._decoded[key])
                before = self._rows[key]
                self.stored_bytes += len(value) - (len(before) if before else -len(key))
                self._rows[key] = value
            taken.append(Row(self._prefix + key, value))
        self._changed.clear()
        if len(self._decoded) > DECODED_MAX:
            self._decoded.clear()
        return taken

    def restore(self, row: Row) -> bool:
        """Take over a stored row if it is of this table. Call in the order of the changelog.

        Raises RowError where a schema wrote it that nobody here knows. Of the rest only the site
        is read, where the table has sites; it is decoded when it is touched.
        """
        if not row.key.startswith(self._prefix):
            return False
        assert row.value is not None, "tombstones are not restored"
        key = row.key[len(self._prefix) :]
        site = None
        if row.value.startswith(MARKER):
            try:
                site = self._stored_site(row.value)
            except UndecodableError as error:
                raise self._unreadable(key, error) from error
        self._rows[key] = row.value
        if site is None:
            site = self._site_of(key)
        self._queues.setdefault(site, OrderedDict())[key] = None
        self.stored_bytes += len(key) + len(row.value)
        return True

    def _stored_site(self, value: bytes) -> str | None:
        """Of an Avro row, where it says so at its start; None: it has to be decoded."""
        if self._site:
            return leading(value, SITE)
        name_of(value)
        return None

    def keys(self) -> Iterator[bytes]:
        """Every key in the order of last writes; nothing is decoded."""
        return iter(self._rows)

    def _queue(self, key: bytes) -> OrderedDict[bytes, None]:
        return self._queues.setdefault(self._site_of(key), OrderedDict())

    def _unqueue(self, key: bytes) -> None:
        site = self._site_of(key)
        queue = self._queues[site]
        del queue[key]
        if not queue:
            del self._queues[site]

    def _site_of(self, key: bytes) -> str:
        return self._site(self._seen(key)) if self._site else ""

    def _seen(self, key: bytes) -> V:
        """The value of a row that is there, not kept decoded for it."""
        known = key in self._decoded
        return self._decoded[key] if known else self._value(key, self._rows[key] or b"")

    def _value(self, key: bytes, stored: bytes) -> V:
        try:
            return self._decode(stored)
        except ValueError as error:  # UndecodableError is one
            raise self._unreadable(key, error) from error

    def _unreadable(self, key: bytes, why: ValueError) -> RowError:
        shown = key[:SHOWN_BYTES_MAX]
        return RowError(
            f"the state row {shown!r} of table {self.name} cannot be read by this version: {why};"
            " go on with the version that wrote it, or a newer one"
        )

    def _present(self, key: bytes) -> V:
        value = self.get(key)
        assert value is not None
        return value

    def _pop_oldest(self) -> tuple[bytes, V]:
        key = next(iter(self._rows))
        value = self._present(key)
        self.delete(key)
        return key, value


def restore(rows: Iterable[Row], *tables: Table[Any]) -> None:
    """Hand each row to its table.

    Raises RowError on a row that cannot be read or is of no table: it was written by another
    version of the service, and going on without it would lose what it holds.
    """
    by_name = {table.name.encode(): table for table in tables}
    for row in rows:
        table = by_name.get(row.key.partition(b"/")[0])
        if table is None or not table.restore(row):
            raise RowError(
                f"a state row of a table that this version does not have:"
                f" {row.key[:SHOWN_BYTES_MAX]!r}"
            )
