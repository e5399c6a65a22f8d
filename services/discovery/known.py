"""A row of the inventory: one operation of one method on one template, decoded."""

from dataclasses import dataclass, field

import orjson

from schemas.codec import decode_as, encode
from schemas.types import KnownOperation
from services.discovery.hosts import NOT_THERE, Name
from services.discovery.operation import Operation
from services.discovery.outline import outline


@dataclass(slots=True, kw_only=True)
class Known:
    """What is known of an operation, changed in place."""

    site: str
    host: str
    name: Name
    told_as: str = ""
    stale: bool = True
    operation: Operation = field(default_factory=Operation)
    _outline: frozenset[str] | None = None

    def add(self, more: Operation) -> None:
        """Add what was seen of it."""
        self.operation.merge(more)
        self.stale, self._outline = True, None

    def outline(self) -> frozenset[str]:
        """What its answers look like."""
        if self._outline is None:
            self._outline = outline(self.operation)
        return self._outline

    @property
    def told(self) -> Name:
        """The name under which it stands in the inventory; its template is empty: under none.

        What was never there stands together, whatever it was called.
        """
        operation = "" if self.told_as == NOT_THERE else self.name.operation
        return Name(self.name.method, self.told_as, operation)

    @property
    def key(self) -> bytes:
        """Key of its state row."""
        return row_key(self.site, self.host, self.name)


def row_key(site: str, host: str, name: Name) -> bytes:
    """Site, host, method, template and operation; none can hold a zero byte."""
    parts = (site, host, *name) if name.operation else (site, host, name.method, name.template)
    return "\0".join(parts).encode("utf-8", "surrogatepass")


def encoded(known: Known) -> bytes:
    """As a state row."""
    method, template, operation = known.name
    return encode(
        KnownOperation(
            site=known.site,
            host=known.host,
            method=method,
            template=template,
            operation=operation,
            told_as=known.told_as,
            stale=known.stale,
            # Sorted: the same sum is the same bytes, whatever came first.
            body=orjson.dumps(known.operation.dump(), option=orjson.OPT_SORT_KEYS),
        )
    )


def decoded(row: bytes) -> Known:
    """The reverse."""
    kept = decode_as(KnownOperation, row)
    return Known(
        site=kept.site,
        host=kept.host,
        name=Name(kept.method, kept.template, kept.operation),
        told_as=kept.told_as,
        stale=kept.stale,
        operation=Operation.load(orjson.loads(kept.body)),
    )
