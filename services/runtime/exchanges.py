"""Reading Exchange records from a topic, whatever version wrote them."""

from sidetap_native import Exchange

from schemas.codec import renewed


def read_exchange(record: bytes) -> Exchange:
    """A lazy view of the record. Raises ValueError where it is none."""
    return Exchange(renewed("Exchange", record))
