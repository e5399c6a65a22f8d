"""The parts of a WebSocket put back into the exchange that asked for it.

In:   Exchange records of WebSockets, as the topic has them: the handshake, then its parts.
Out:  one record for each, with all its messages, when its last part came or nothing more does.
"""

from collections.abc import Iterator
from dataclasses import replace

from sidetap_native import Exchange

from schemas import types
from schemas.codec import decode_as, encode
from services.runtime.core import Output

# Records of all sockets that wait: some sixty parts of the largest size.
BYTES_MAX = 64 << 20


class Sockets:
    """Handshakes with the parts that followed; `held_max` 0 puts nothing together."""

    def __init__(self, held_max: int) -> None:
        self._held_max = held_max
        self._waiting: dict[str, list[Output]] = {}
        self._bytes = 0

    def has(self, exchange: Exchange) -> bool:
        """Whether the record is of a WebSocket, and another may follow or came before."""
        if exchange.part is not None:
            return exchange.id in self._waiting
        return self._held_max > 0 and _is_handshake(exchange)

    def of(self, exchange: Exchange, record: Output) -> Iterator[Output]:
        """Take a record in; give what need not wait any more."""
        self._waiting.setdefault(exchange.id, []).append(record)
        self._bytes += len(record.value or b"")
        if exchange.part is not None and exchange.response_final:
            yield self._take(exchange.id)
        while self._bytes > BYTES_MAX or len(self._waiting) > self._held_max:
            yield self._take(next(iter(self._waiting)))

    def rest(self) -> Iterator[Output]:
        """What waits for a last part that is not there."""
        while self._waiting:
            yield self._take(next(iter(self._waiting)))

    def _take(self, name: str) -> Output:
        records = self._waiting.pop(name)
        self._bytes -= sum(len(record.value or b"") for record in records)
        first, *parts = (decode_as(types.Exchange, record.value or b"") for record in records)
        return replace(records[0], value=encode(_whole(first, parts))) if parts else records[0]


def _is_handshake(exchange: Exchange) -> bool:
    response = exchange.response
    if response is None or response.status != 101:
        return False
    return b"websocket" in (response.header(b"upgrade") or b"").lower()


def _whole(handshake: types.Exchange, parts: list[types.Exchange]) -> types.Exchange:
    anomalies = dict.fromkeys(handshake.anomalies)
    for part in parts:
        anomalies |= dict.fromkeys(part.anomalies)
    return replace(
        handshake,
        anomalies=tuple(anomalies),
        missing_bytes=handshake.missing_bytes + sum(part.missing_bytes for part in parts),
        messages=tuple(message for part in parts for message in part.messages),
    )
