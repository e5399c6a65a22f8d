"""One exchange into the sums of its operation.

In:     a request, its answer where there is one.
Out:    counts added to an Operation.
"""

import re
from dataclasses import dataclass

from services.discovery.bodies import add_body, media_type, pairs
from services.discovery.bounded import add
from services.discovery.headers import credentials
from services.discovery.operation import Operation
from services.discovery.paths import Path, path_of, split
from services.discovery.view import ExchangeView, RequestView, ResponseView

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
    got_type = response.header(b"content-type")
    got = operation.response(status, media_type(got_type))
    if call.path.asset:
        return
    add_body(got.shape, response.body, got_type)
    headers = request.headers
    query = pairs(call.query) if call.query else {}
    who = credentials(headers, set(query))
    for kind in who.auth:
        add(operation.auth, kind)
    if not success:
        return
    for kind in who.auth:
        add(operation.auth_of_successes, kind)
    for index, text in call.path.values:
        operation.parameter(f"path {index}").shape.add_text(text)
    for name, texts in query.items():
        operation.parameter(f"query {name}").shape.add_texts(texts)
    for name, text in who.parameters:
        operation.parameter(name).shape.add_text(text)
    sent_type = next((v for n, v in headers if n.lower() == b"content-type"), None)
    if sent_type is not None and request.body.kept:
        sent = operation.body(media_type(sent_type))
        add_body(sent.shape, request.body, sent_type)
    add(operation.protocols, protocol(asked, request, sent_type, got_type, status))


def protocol(
    asked: ExchangeView, request: RequestView, sent_type: bytes | None, got_type: bytes | None,
    status: int,
) -> str:  # fmt: skip
    """What is spoken over HTTP, by the plainest signs."""
    if status == 101 or asked.protocol == "websocket":
        return "websocket"
    if got_type and got_type.startswith(b"text/event-stream"):
        return "sse"
    if not sent_type:
        return "rest"
    if sent_type.startswith(b"application/grpc"):
        return "grpc"
    if b"json" in sent_type:
        return _json_protocol(request.body.decoded()[:HEAD_BYTES])
    if b"xml" in sent_type and ENVELOPE.search(request.body.decoded()[:HEAD_BYTES]):
        return "soap"
    return "rest"


def _json_protocol(head: bytes) -> str:
    if JSONRPC.search(head):
        return "mcp" if MCP.search(head) else "jsonrpc"
    return "graphql" if GRAPHQL.search(head) else "rest"
