"""A row of the inventory: one method on one template, decoded."""

from dataclasses import dataclass, field

import orjson

from schemas.codec import decode_as, encode
from schemas.types import KnownOperation
from services.discovery.hosts import Name
from services.discovery.operation import Operation


@dataclass(slots=True, kw_only=True)
class Known:
    """What is known of an operation, changed in place."""

    site: str
    host: str
    name: Name
    told_as: str = ""
    stale: bool = True
    operation: Operation = field(default_factory=Operation)

    @property
    def key(self) -> bytes:
        """Key of its state row."""
        return row_key(self.site, self.host, self.name)


def row_key(site: str, host: str, name: Name) -> bytes:
    """Site, host, method and template; none of the first three can hold a zero byte."""
    return "\0".join((site, host, *name)).encode("utf-8", "surrogatepass")


def encoded(known: Known) -> bytes:
    """As a state row."""
    method, template = known.name
    return encode(
        KnownOperation(
            site=known.site,
            host=known.host,
            method=method,
            template=template,
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
        name=(kept.method, kept.template),
        told_as=kept.told_as,
        stale=kept.stale,
        operation=Operation.load(orjson.loads(kept.body)),
    )
