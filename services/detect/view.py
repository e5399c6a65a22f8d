"""What detection reads of an exchange: the shape of `sidetap_native.Exchange`, no more.

The native view and the values that `rawhttp` makes of bytes both have it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

Headers = list[tuple[bytes, bytes]]


class BodyView(Protocol):
    """A message body."""

    @property
    def encoding(self) -> str | None:
        """The content coding; None: none."""

    @property
    def kept(self) -> bytes:
        """The first bytes as sent, without transfer coding."""

    def decoded(self, bytes_max: int = ..., /) -> bytes:
        """The kept bytes without their content coding, at most so many; as sent if that fails."""


class RequestView(Protocol):
    """A request as sent."""

    @property
    def method(self) -> bytes: ...
    @property
    def target(self) -> bytes: ...
    @property
    def version(self) -> str: ...
    @property
    def headers(self) -> Headers: ...
    @property
    def body(self) -> BodyView: ...


class MessageView(Protocol):
    """A WebSocket message."""

    @property
    def from_client(self) -> bool: ...
    @property
    def opcode(self) -> int: ...
    @property
    def payload(self) -> bytes: ...
    @property
    def compressed(self) -> bool: ...


class ResponseView(Protocol):
    """A response as sent."""

    @property
    def status(self) -> int: ...
    @property
    def headers(self) -> Headers: ...
    @property
    def body(self) -> BodyView: ...


class ExchangeView(Protocol):
    """An exchange, or the half that was seen."""

    @property
    def id(self) -> str: ...
    @property
    def revision(self) -> int: ...
    @property
    def site(self) -> str: ...
    @property
    def at_us(self) -> int: ...
    @property
    def client_ip(self) -> str: ...
    @property
    def peer_ip(self) -> str: ...
    @property
    def host(self) -> str: ...
    @property
    def application(self) -> str: ...
    @property
    def part(self) -> int | None: ...
    @property
    def response_final(self) -> bool: ...
    @property
    def latency_us(self) -> int | None: ...
    @property
    def tls(self) -> object | None: ...
    @property
    def anomalies(self) -> list[str]: ...
    @property
    def request(self) -> RequestView | None: ...
    @property
    def response(self) -> ResponseView | None: ...
    @property
    def messages(self) -> Sequence[MessageView]: ...


@dataclass(frozen=True, slots=True)
class Bytes:
    """A body that is at hand whole."""

    kept: bytes = b""
    encoding: None = None

    def decoded(self, bytes_max: int | None = None, /) -> bytes:
        """As sent: a request given as bytes has no content coding to undo."""
        return self.kept[:bytes_max]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainRequest:
    """A request made from bytes."""

    method: bytes
    target: bytes
    version: str
    headers: Headers = field(default_factory=list)
    body: Bytes = Bytes()


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainResponse:
    """A response made from bytes."""

    status: int
    headers: Headers = field(default_factory=list)
    body: Bytes = Bytes()


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainExchange:
    """An exchange made from bytes, as `sidetap inspect` has it: no packets, so no times."""

    id: str
    request: PlainRequest | None
    response: PlainResponse | None = None
    anomalies: list[str] = field(default_factory=list)
    revision: int = 0
    site: str = "default"
    at_us: int = 0
    client_ip: str = ""
    peer_ip: str = ""
    host: str = ""
    application: str = ""
    part: int | None = None
    messages: Sequence[MessageView] = ()
    response_final: bool = True
    latency_us: int | None = None
    tls: None = None
