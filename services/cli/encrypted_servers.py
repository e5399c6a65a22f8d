"""The servers that are spoken to where nobody here can read, added up from records of flows."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from schemas.types import EncryptedFlow
from services.cli.moments import iso
from services.cli.output import table

if TYPE_CHECKING:
    from rich.console import RenderableType

ROWS_MAX = 500  # More than anybody reads in a terminal; JSON lines give all.
# Names come from the wire: whoever draws a new one for each connection fills no more than this.
SERVERS_MAX = 100_000
# Addresses, clients and fingerprints told one by one; beyond, a server has "many".
LISTED_MAX = 1_000
NAMES_SHOWN_MAX = 3
COLUMNS = (
    "server", "port#", "over", "protocol", "TLS", "flows#", "clients#", "sent#", "received#",
    "last",
)  # fmt: skip


@dataclass(kw_only=True)
class Server:
    """A name at a port, or an address where no name was said, and what went there and back."""

    name: str | None
    port: int
    transport: str
    site: str
    addresses: set[str] = field(default_factory=set)
    clients: set[str] = field(default_factory=set)
    protocols: set[str] = field(default_factory=set)
    versions: set[str] = field(default_factory=set)
    ja4: set[str] = field(default_factory=set)
    flows: int = 0
    sent: int = 0
    received: int = 0
    first_us: int = 0
    last_us: int = 0

    def add(self, flow: EncryptedFlow) -> None:
        """One record: a flow counts with its first, its bytes with all."""
        for known, new in (
            (self.addresses, flow.server_ip), (self.clients, flow.client_ip),
            (self.protocols, flow.protocol), (self.versions, flow.version), (self.ja4, flow.ja4),
        ):  # fmt: skip
            if new is not None and len(known) < LISTED_MAX:
                known.add(new)
        self.flows += flow.part == 0
        self.sent += flow.client_bytes
        self.received += flow.server_bytes
        self.first_us = min(self.first_us or flow.at_us, flow.at_us)
        self.last_us = max(self.last_us, flow.until_us)

    @property
    def shown(self) -> str:
        """Its name, or where it is."""
        return self.name or min(self.addresses)


class Servers:
    """All servers of the records that were added."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str, str, int], Server] = {}
        self.left_out = 0
        """Records of servers beyond SERVERS_MAX."""

    def add(self, flow: EncryptedFlow) -> None:
        """One record."""
        whose = (flow.site, flow.transport, flow.server_name or flow.server_ip, flow.server_port)
        server = self._known.get(whose)
        if server is None:
            if len(self._known) >= SERVERS_MAX:
                self.left_out += 1
                return
            server = self._known[whose] = Server(
                name=flow.server_name,
                port=flow.server_port,
                transport=flow.transport,
                site=flow.site,
            )
        server.add(flow)

    def by_bytes(self) -> list[Server]:
        """Those with the most bytes first."""
        return sorted(self._known.values(), key=lambda s: (-s.sent - s.received, s.shown, s.port))


def table_of(servers: Servers) -> "RenderableType":
    """For people."""
    known = servers.by_bytes()
    title = f"{len(known)} servers spoken to where nothing can be read"
    if servers.left_out:
        title += f", {servers.left_out} records of more of them left out"
    return table(title, COLUMNS, map(_row, known[:ROWS_MAX]))


def _row(server: Server) -> tuple[object, ...]:
    return (
        server.shown, server.port, server.transport, _few(server.protocols), _few(server.versions),
        server.flows, _count(server.clients), server.sent, server.received, iso(server.last_us),
    )  # fmt: skip


def _few(names: Iterable[str]) -> str:
    first = sorted(names)[: NAMES_SHOWN_MAX + 1]
    return " ".join([*first[:NAMES_SHOWN_MAX], "…"] if len(first) > NAMES_SHOWN_MAX else first)


def _count(listed: set[str]) -> str:
    return f"{len(listed)}" if len(listed) < LISTED_MAX else "many"


def server_form(server: Server) -> dict[str, object]:
    """One server as JSON."""
    return {
        "kind": "encrypted_server",
        "name": server.name,
        "addresses": sorted(server.addresses),
        "port": server.port,
        "site": server.site,
        "transport": server.transport,
        "protocols": sorted(server.protocols),
        "versions": sorted(server.versions),
        "ja4": sorted(server.ja4),
        "clients": sorted(server.clients),
        "flows": server.flows,
        "sent_bytes": server.sent,
        "received_bytes": server.received,
        "first_at": iso(server.first_us),
        "last_at": iso(server.last_us),
    }
