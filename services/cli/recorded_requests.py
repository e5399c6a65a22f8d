"""Requests from the topic `exchanges`, as reports on gates need them.

In:     records of the topic; what discovery knows of operations.
Out:    each request once, with its operation and whose it is by any key of a rate limit.
"""

import ipaddress
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from sidetap_native import Exchange

from services.browsing.inventory import Inventory
from services.browsing.paths import path_of
from services.browsing.session import session_of, user_of
from services.cli.limit_trial import Asked
from services.cli.safe_text import text
from services.cli.session_log import asker
from services.runtime.core import Event
from services.runtime.exchanges import read_exchange
from services.runtime.masking import Masker

if TYPE_CHECKING:
    from confluent_kafka import Message

# Beyond any packet's time: an operation that is known at all is known.
ALWAYS_US = 1 << 62
PATH_CHARACTERS_MAX = 120
NETWORK_BITS = {4: 24, 6: 64}


def exchanges(messages: "Iterable[Message]", since_us: int, host: str | None) -> Iterator[Exchange]:
    """Those of the topic; watermarks and what no version here wrote are passed over."""
    for message in messages:
        value = message.value()
        try:
            exchange = read_exchange(value) if value else None
        except ValueError:
            continue
        if exchange is None or exchange.at_us < since_us or host not in (None, exchange.host):
            continue
        yield exchange


def inventory(messages: "Iterable[Message]") -> Inventory:
    """The operations on the topic `endpoints`."""
    known = Inventory()
    for message in messages:
        event = Event("endpoints", message.partition() or 0, 0, message.key(), message.value())
        known.learn(event)
    return known


class Requests:
    """Names what is asked for, and who asks."""

    def __init__(self, known: Inventory, masker: Masker) -> None:
        self._known = known
        self._masker = masker

    def who(self, exchange: Exchange) -> str:
        """The session's id, as `sidetap sessions` shows it."""
        assert exchange.request is not None, "only requests are asked"
        return asker(exchange, exchange.request, self._masker)[0]

    def asked(self, exchange: Exchange, *, good: bool) -> Asked | None:
        """The request of a record; None: it was counted with another record."""
        request = exchange.request
        if request is None or exchange.revision or exchange.part is not None:
            return None
        path = path_of(request.target)
        template = self._known.template(exchange.site, exchange.host, path, ALWAYS_US)
        shown = template or self._masker.target(text(path)).encode()
        operation = f"{text(request.method)} {text(shown)}"[:PATH_CHARACTERS_MAX]
        return Asked(
            exchange.site, exchange.host, path.decode("latin-1"), operation, exchange.at_us, good,
            lambda key: self._named(key, exchange, operation),
        )  # fmt: skip

    def _named(self, key: str, exchange: Exchange, operation: str) -> bytes | None:
        request = exchange.request
        assert request is not None, "only requests are asked"
        if key == "address":
            return exchange.client_ip.encode()
        if key == "network":
            return network_of(exchange.client_ip).encode()
        if key == "host":
            return exchange.host.encode()
        if key == "operation":
            return f"{exchange.host} {operation}".encode()
        if key == "ja4":
            tls = exchange.tls
            return tls[3].encode() if tls and tls[3] else None
        name = (session_of if key == "session" else user_of)(request, self._masker.key)
        return name.to_bytes(4, "big") if name else None


def network_of(client: str) -> str:
    """The /24 or /64 of an address; what is none stands for itself."""
    try:
        address = ipaddress.ip_address(client)
    except ValueError:
        return client
    bits = NETWORK_BITS[address.version]
    return str(ipaddress.ip_network(f"{address}/{bits}", strict=False))
