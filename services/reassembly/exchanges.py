"""What the settings say of each exchange: its client, its application, or that it is left out.

In:     Exchange records as the native core writes them.
Out:    the record with its key, or the rule that leaves it out with the bytes that were counted.
Keeps:  nothing. Without rules no record is even looked at.
"""

from dataclasses import dataclass

from sidetap_native import Exchange

from schemas.types import Amount
from services.reassembly.clients import Clients
from services.reassembly.patterns import path_of
from services.reassembly.rules import Applications, Filters, Subject
from services.reassembly.settings import Settings


@dataclass(frozen=True, slots=True)
class Routed:
    """A record for the topic."""

    key: bytes
    record: bytes


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A record that a filter rule leaves out."""

    rule: str
    site: str
    at_us: int
    amount: Amount


class Exchanges:
    """The rules for exchanges; false when there are none.

    Both revisions of an exchange carry its request, so every rule says the same of both.
    """

    def __init__(self, settings: Settings) -> None:
        self._clients = Clients(settings.proxies)
        self._filters = Filters(settings.filters)
        self._applications = Applications(settings.applications)

    def __bool__(self) -> bool:
        return bool(self._clients or self._filters or self._applications)

    def judge(self, key: bytes, record: bytes) -> Routed | LeftOut:
        """What becomes of one record."""
        exchange = Exchange(record)
        request = exchange.request
        headers = request.headers if request is not None else []
        named = self._clients.named(exchange.peer_ip, headers)
        subject = Subject(
            host=exchange.host,
            path=path_of(request.target) if request is not None else None,
            headers=headers,
            client_ip=named or exchange.client_ip,
            server_ip=exchange.server_ip,
        )
        rule = self._filters.excluded_by(subject)
        if rule is not None:
            return LeftOut(rule, exchange.site, exchange.at_us, _stream_bytes(exchange))
        label = self._applications.label(subject)
        if named is None and label is None:
            return Routed(key, record)
        relabelled = exchange.relabel(client_ip=named, application=label)
        return Routed(key if named is None else _key(exchange.site, named), relabelled)


def _key(site: str, client_ip: str) -> bytes:
    return f"{site}/{client_ip}".encode()


def _stream_bytes(exchange: Exchange) -> Amount:
    """Head and body bytes on the wire: the request's on revision 0, the response's when final.

    So what two revisions both carry counts once; parts of a stream have bytes of their own.
    Framing is not in the record.
    """
    size = 0
    request, response = exchange.request, exchange.response
    if request is not None and exchange.revision == 0:
        size += request.head_bytes + request.body.wire_bytes
    if response is not None and (exchange.response_final or exchange.part is not None):
        size += response.head_bytes + response.body.wire_bytes
    return Amount(packets=0, bytes=size)  # The layer counts bytes; records are in the metrics.
