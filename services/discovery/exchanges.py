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
from services.discovery.tally import Fact
from services.runtime.views import ExchangeView, RequestView, ResponseView

METHOD = re.compile(rb"[A-Z]{3,16}")
JSONRPC = re.compile(rb'"jsonrpc"\s*:')
MCP = re.compile(rb'"method"\s*:\s*"(?:initialize|(?:tools|resources|prompts)/)')
GRAPHQL = re.compile(rb'"query"\s*:\s*"\s*(?:query|mutation|subscription|\{|fragment)')
ENVELOPE = re.compile(rb"<(?:[\w-]+:)?Envelope[\s>]")
# Enough of a body to tell its protocol.
HEAD_BYTES = 4_096


@dataclass(frozen=True, slots=True)
class Call:
    """Which operation a request is for."""

    method: str
    path: Path
    query: bytes

    @property
    def name(self) -> str:
        """As in sightings: method, blank, template."""
        return f"{self.method} {self.path.template}"


def call_of(request: RequestView) -> Call | None:
    """What a request calls; None: its method is none."""
    method = request.method
    if not METHOD.fullmatch(method):
        return None
    path, query = split(request.target)
    return Call(method.decode(), path_of(path), query)


def successful(method: str, status: int) -> bool:
    """Whether an answer shows that the operation is there and worked.

    A redirect after a form was sent is how pages say that it was taken; a redirect of a GET says
    nothing, for many sites answer so to every path.
    """
    if 200 <= status < 300 or status in (101, 304):
        return True
    return 300 <= status < 400 and method not in ("GET", "HEAD", "OPTIONS")


def requested(place: Fact, application: str) -> Fact:
    """That a request came."""
    return (*place, "q", application)


def answered(
    place: Fact, asked: ExchangeView, request: RequestView, call: Call, response: ResponseView
) -> Iterator[Fact]:
    """What an answered request says: `asked` is the record that held the request."""
    status = response.status
    success = successful(call.method, status)
    got_type = response.header(b"content-type") or b""
    got_kind = media_type(got_type)
    if call.path.asset:
        yield (*place, "a", status, success, "", "")
        yield (*place, "r", status, got_kind, "")
        return
    got = readable(response.body, got_kind)
    yield (*place, "r", status, got_kind, outline_of(got, got_kind, got_type))
    query = pairs(call.query) if call.query else {}
    with_it = carried(request.headers, query)
    auth = " ".join(with_it.auth)
    if not success:
        yield (*place, "a", status, success, auth, "")
        return
    sent_type = with_it.content_type or b""
    sent_kind = media_type(sent_type)
    sent = readable(request.body, sent_kind) if sent_type else b""
    if sent_type and request.body.wire_bytes:
        yield (*place, "b", sent_kind, outline_of(sent, sent_kind, sent_type))
    spoken = protocol(asked.protocol, status, got_kind, sent_kind, sent)
    yield (*place, "a", status, success, auth, spoken)
    parameters = _parameters(call, query, with_it)
    if parameters:
        yield (*place, "p", *parameters)


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
            for kind in auth.split():
                add(operation.auth, kind, span.count)
                if success:
                    add(operation.auth_of_successes, kind, span.count)
            if spoken:
                add(operation.protocols, spoken, span.count)
        case ("r", status, kind, outline):
            operation.response(status, kind, outline, span.count)
        case ("b", kind, outline):
            operation.body(kind, outline, span.count)
        case ("p", *parameters):
            for name, outline in zip(parameters[::2], parameters[1::2], strict=True):
                operation.parameter(name, outline, span.count)


def protocol(spoken: str, status: int, got_kind: str, sent_kind: str, sent: bytes) -> str:
    """What is spoken over HTTP, by the plainest signs."""
    if status == 101 or spoken == "websocket":
        return "websocket"
    if got_kind == "text/event-stream":
        return "sse"
    if sent_kind.startswith("application/grpc"):
        return "grpc"
    head = sent[:HEAD_BYTES]
    if head and sent_kind.endswith("json"):
        if JSONRPC.search(head):
            return "mcp" if MCP.search(head) else "jsonrpc"
        return "graphql" if GRAPHQL.search(head) else "rest"
    return "soap" if head and sent_kind.endswith("xml") and ENVELOPE.search(head) else "rest"
