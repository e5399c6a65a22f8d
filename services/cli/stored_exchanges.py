"""Exchanges as the topic still holds them."""

from collections.abc import Iterator

from confluent_kafka import Message
from sidetap_native import Exchange

from services.cli.broker import Client, records
from services.runtime.exchanges import read_exchange

TOPIC = "exchanges"
# The broker stamps a record after its packets were seen; clocks may differ by so much.
CLOCK_SLACK_MS = 3_600_000


def stored(settings: Client, since_us: int | None) -> Iterator[tuple[Exchange, Message]]:
    """Each of a packet time from `since_us` on, with the record it stands in; None: all.

    Watermarks, and what nobody can read, are passed over.
    """
    since_ms = None if since_us is None else since_us // 1_000 - CLOCK_SLACK_MS
    for message in records(settings, TOPIC, since_ms=since_ms):
        exchange = readable(message.value() or b"")
        if exchange is not None and exchange.at_us >= (since_us or exchange.at_us):
            yield exchange, message


def readable(record: bytes) -> Exchange | None:
    """None: a watermark, or what nobody can read."""
    try:
        return read_exchange(record)
    except ValueError:
        return None
