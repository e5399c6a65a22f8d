"""One exchange to facts, and facts to the sums of an operation.

In:     a request, its answer where there is one.
Out:    facts: (site, host, operation, a letter, what it says), the same for exchanges alike.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sidetap_native import text_outline

from services.discovery.bodies import media_type, outline_of, outline_of_texts, pairs, readable
from services.discovery.bounded import add
from services.discovery.headers import Carried, carried
from services.discovery.operation import Operation, Span
from services.discovery.paths import Path, path_of, split
from services.discovery.protocols import grpc, told
from services.discovery.protocols.spoken import Spoken
from services.discovery.tally import Fact
from services.runtime.views import ExchangeView, RequestView, ResponseView

METHOD = re.compile(rb"[A-Z]{3,16}")


@dataclass(frozen=True, slots=True)
class Call:
    """Which operations a request is for."""

    method: str
    path: Path
    query: bytes
    sent_type: bytes
    """Content type of the body; empty: there is none."""
    sent: bytes
    """The body where its structure can be read."""
    spoken: Spoken

    def names(self) -> Iterator[str]:
        """As in sightings: method, template and, where there is one, the protocol's operation."""
        name = f"{self.method} {self.path.template}"
        for operation in self.spoken.operations:
            yield f"{name} {operation}" if operation else name


def call_of(request: RequestView) -> Call | None:
    """What a request calls; None: its method is none."""
    method = request.method
    if not METHOD.fullmatch(method):
        return None
    target, query = split(request.target)
    path = path_of(target)
    sent_type, sent, spoken = b"", b"", told.REST
    body = request.body
    # A gRPC request may be a stream that has no message yet.
    if body.wire_bytes or method == b"POST":
        sent_type = request.header(b"content-type") or b""
        kind = media_type(sent_type)
        if kind.startswith(grpc.MEDIA_TYPE):
            spoken = grpc.spoken(target)
        sent = readable(body, kind) if body.wire_bytes else b""
        if sent and spoken is told.REST:
            spoken = told.of_body(sent, kind, sent_type, request.header(b"soapaction"))
    elif b"query=" in query or b"persistedQuery" in query:
        spoken = told.of_query(query)
    return Call(method.decode(), path, query, sent_type, sent, spoken)


def successful(method: str, status: int) -> bool:
    """Whether an answer shows that the operation is there and worked.

    A redirect after a form was sent is how pages say that it was taken; a redirect of a GET says
    nothing, for many sites answer so to every path.
    """
    if 200 <= status < 300 or status in (101, 304):
        return True
    return 300 <= status < 400 and method not in ("GET", "HEAD", "OPTIONS")


def _worked(call: Call, response: ResponseView, got: bytes) -> bool:
    """The same, where a protocol may say in the answer that it did not."""
    if not successful(call.method, response.status):
        return False
    if call.spoken is told.REST:
        return True
    if call.spoken.protocol == "grpc":
        return not grpc.failed(response.trailers, response.header(grpc.STATUS))
    return not told.failed(call.spoken, got)


def requested(place: Fact, application: str) -> Fact:
    """That a request came."""
    return (*place, "q", application)


def answered(
    place: Fact, asked: ExchangeView, request: RequestView, call: Call, response: ResponseView
) -> Iterator[Fact]:
    """What an answered request says: `asked` is the record that held the request."""
    status = response.status
    got_type = response.header(b"content-type") or b""
    got_kind = media_type(got_type)
    if call.path.asset:
        yield (*place, "a", status, successful(call.method, status), "", "")
        yield (*place, "r", status, got_kind, "")
        return
    got = readable(response.body, got_kind)
    success = _worked(call, response, got)
    yield (*place, "r", status, got_kind, outline_of(got, got_kind, got_type))
    query = pairs(call.query) if call.query else {}
    with_it = carried(request.headers, query)
    auth = " ".join(with_it.auth)
    if not success:
        yield (*place, "a", status, success, auth, "")
        return
    sent_type = call.sent_type
    if sent_type and request.body.wire_bytes:
        sent_kind = media_type(sent_type)
        yield (*place, "b", sent_kind, outline_of(call.sent, sent_kind, sent_type))
    yield (*place, "a", status, success, auth, protocol(asked.protocol, status, got_kind, call))
    parameters = _parameters(call, query, with_it)
    if parameters:
        yield (*place, "p", *parameters)
    if call.spoken.fields:
        yield (*place, "f", *call.spoken.fields)


def _parameters(call: Call, query: dict[str, list[str]], with_it: Carried) -> list[str]:
    """Name and outline of each, in turn."""
    found: list[str] = []
    for index, text in call.path.values:
        found += (f"path {index}", text_outline(text))
    for name, texts in query.items():
        found += (f"query {name}", outline_of_texts(texts))
    for name, text in with_it.parameters:
        found += (name, text_outline(text))
    return found


def count(operation: Operation, what: Sequence[Any], span: Span) -> None:
    """Add a fact, without its place, to the sums of its operation."""
    match what:
        case ("q", application):
            operation.request(span, application)
        case ("a", status, success, auth, spoken):
            operation.answer(span, status, success=success)
            operation.meet(f"status {status}", span)
            for kind in auth.split():
                add(operation.auth, kind, span.count)
                if success:
                    add(operation.auth_of_successes, kind, span.count)
                    operation.meet(f"auth {kind}", span)
            if spoken:
                add(operation.protocols, spoken, span.count)
        case ("r", status, kind, outline):
            operation.response(status, kind, outline, span.count)
        case ("b", kind, outline):
            operation.body(kind, outline, span.count)
            operation.meet(f"body {kind}", span)
        case ("p", *parameters):
            for name, outline in zip(parameters[::2], parameters[1::2], strict=True):
                operation.parameter(name, outline, span.count)
                if not name.startswith("path "):
                    operation.meet(name, span)
        case ("f", *names):
            operation.select(names, span.count)


def protocol(wire: str, status: int, got_kind: str, call: Call) -> str:
    """What is spoken over HTTP, by the plainest signs."""
    if status == 101 or wire == "websocket":
        return "websocket"
    if call.spoken is not told.REST:
        return call.spoken.protocol
    return "sse" if got_kind == "text/event-stream" else "rest"
