"""Which protocol a request speaks, by the plainest signs, and whether an answer says it failed.

In:     media type, body, path and query of a request; the answer.
Out:    the protocol with its operations. REST has none beside method and path.
"""

from services.discovery.bodies import pairs
from services.discovery.protocols import graphql, jsonrpc, soap
from services.discovery.protocols.spoken import Spoken, plausible

REST = Spoken("rest")
GRAPHQL_TEXT = "application/graphql"
# Enough of a body to tell its protocol.
HEAD_BYTES = 4_096


def of_body(sent: bytes, kind: str, content_type: bytes, action: bytes | None) -> Spoken:
    """What a body asks for; `action` is the header SOAPAction."""
    head = sent[:HEAD_BYTES]
    if kind.endswith("json"):
        if jsonrpc.SIGN.search(head):
            return jsonrpc.spoken(sent)
        return (graphql.SIGN.search(head) and graphql.spoken_json(sent)) or REST
    if kind == GRAPHQL_TEXT:
        return graphql.spoken_text(sent.decode("utf-8", "replace")) or REST
    if kind.endswith("xml") and soap.ENVELOPE.search(head):
        return soap.spoken(sent, content_type, action)
    return REST


def of_query(query: bytes) -> Spoken:
    """What a request without a body asks for: GraphQL over GET."""
    found = pairs(query)
    document, name = found.get("query", [""])[0], found.get("operationName", [""])[0]
    if document:
        return graphql.spoken_text(document.replace("+", " "), name) or REST
    if "persistedQuery" in found.get("extensions", [""])[0]:
        return Spoken("graphql", (plausible(name),))
    return REST


def failed(spoken: Spoken, got: bytes) -> bool:
    """Whether an answer of status 200 says that nothing was done."""
    if spoken.protocol in ("jsonrpc", "mcp"):
        return jsonrpc.failed(got)
    return spoken.protocol == "graphql" and graphql.failed(got)
