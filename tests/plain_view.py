"""An exchange record as `sidetap_native.Exchange` shows it, read by fastavro."""

import gzip
from typing import Any

from schemas.codec import decode_as
from schemas.types import Body, Exchange, Request


class BodyView:
    """See sidetap_native.Body."""

    def __init__(self, body: Body) -> None:
        self.kept, self.encoding, self.truncated = body.kept, body.encoding, body.truncated
        self.complete, self.wire_bytes = body.complete, body.wire_bytes

    def decoded(self, bytes_max: int | None = None) -> bytes:
        whole = gzip.decompress(self.kept) if self.encoding == "gzip" else self.kept
        return whole[:bytes_max]


class MessageView:
    """See sidetap_native.Request and Response."""

    def __init__(self, message: Any) -> None:
        self._message = message
        self.headers = list(message.headers)
        self.body = BodyView(message.body)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._message, name)

    def header(self, name: bytes) -> bytes | None:
        return next((v for n, v in self.headers if n.lower() == name.lower()), None)


class ExchangeView:
    """See sidetap_native.Exchange."""

    def __init__(self, record: bytes) -> None:
        self._exchange = decode_as(Exchange, record)
        request: Request | None = self._exchange.request
        response = self._exchange.response
        self.request = None if request is None else MessageView(request)
        self.response = None if response is None else MessageView(response)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._exchange, name)
