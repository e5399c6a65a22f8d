"""What browsing reads of an exchange: the shape of `sidetap_native.Exchange`, no more."""

from typing import Protocol


class RequestView(Protocol):
    """A request as sent."""

    @property
    def target(self) -> bytes: ...
    def header(self, name: bytes) -> bytes | None: ...


class ResponseView(Protocol):
    """A response as sent."""

    @property
    def status(self) -> int: ...


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
    def response_final(self) -> bool: ...
    @property
    def request(self) -> RequestView | None: ...
    @property
    def response(self) -> ResponseView | None: ...


class Reader(Protocol):
    """Makes a view of a record; raises ValueError where it is none."""

    def __call__(self, record: bytes) -> ExchangeView: ...
