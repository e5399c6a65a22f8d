"""Records to what works them through: the loops that their readers share.

In:   events of a topic; for `exchanges` a reader of them.
Out:  calls in the order of the topic; what cannot be read, with the reason.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from schemas.codec import UndecodableError, decode_as, name_of
from schemas.types import Watermark
from services.runtime.core import Event, Rejected

View = TypeVar("View")


def dispatch(
    events: Iterable[Event],
    read: Callable[[bytes], View],
    exchange: Callable[[View, bytes], None],
    mark: Callable[[Watermark, int], None],
) -> Iterator[Rejected]:
    """Hand each Exchange on with its record, each Watermark with the time of its arrival."""
    for event in events:
        try:
            _one(event, read, exchange, mark)
        except ValueError as error:  # UndecodableError is one
            yield Rejected(event, str(error))


def _one(
    event: Event,
    read: Callable[[bytes], View],
    exchange: Callable[[View, bytes], None],
    mark: Callable[[Watermark, int], None],
) -> None:
    record = event.value
    if record is None:
        raise UndecodableError("a record without a value")
    name = name_of(record)
    if name == "Exchange":
        exchange(read(record), record)
    elif name == "Watermark":
        mark(decode_as(Watermark, record), event.appended_us)
    else:
        raise UndecodableError(f"expected Exchange or Watermark, found {name}")


def one_by_one(events: Iterable[Event], work: Callable[[Event], None]) -> list[Rejected]:
    """Work through events in order; those that `work` cannot read (ValueError)."""
    rejected = []
    for event in events:
        try:
            work(event)
        except ValueError as error:  # UndecodableError is one
            rejected.append(Rejected(event, str(error)))
    return rejected
