"""One exchange into the sums of its operation.

In:     a request, its answer where there is one.
Out:    counts added to an Operation.
"""

import re
from dataclasses import dataclass

from services.discovery.bodies import add_body, media_type, pairs, readable
from services.discovery.bounded import add
from services.discovery.headers import Carried, carried
from services.discovery.operation import Operation
from services.discovery.paths import Path, path_of, split
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


def add_answer(
    operation: Operation, asked: ExchangeView, request: RequestView, call: Call,
    response: ResponseView,
) -> None:  # fmt: skip
    """Add an answered request: `asked` is the record that held the request."""
    status = response.status
    success = successful(call.method, status)
    operation.answer(asked.at_us, status, success=success)
    got_type = response.header(b"content-type") or b""
    got_kind = media_type(got_type)
    got = operation.response(status, got_kind)
    if call.path.asset:
        return
    add_body(got.shape, readable(response.body, got_kind), got_kind, got_type)
    query = pairs(call.query) if call.query else {}
    with_it = carried(request.headers, query)
    for kind in with_it.auth:
        add(operation.auth, kind)
    if not success:
        return
    for kind in with_it.auth:
        add(operation.auth_of_successes, kind)
    _add_parameters(operation, call, query, with_it)
    sent_type = with_it.content_type or b""
    sent_kind = media_type(sent_type)
    sent = readable(request.body, sent_kind) if sent_type else b""
    if sent_type and request.body.wire_bytes:
        add_body(operation.body(sent_kind).shape, sent, sent_kind, sent_type)
    add(operation.protocols, protocol(asked.protocol, status, got_kind, sent_kind, sent))


def _add_parameters(
    operation: Operation, call: Call, query: dict[str, list[str]], with_it: Carried
) -> None:
    for index, text in call.path.values:
        operation.parameter(f"path {index}").shape.add_text(text)
    for name, texts in query.items():
        operation.parameter(f"query {name}").shape.add_texts(texts)
    for name, text in with_it.parameters:
        operation.parameter(name).shape.add_text(text)


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
