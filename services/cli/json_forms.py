"""Records as JSON objects: the one form that the command line and the console's API share.

Names are a contract (docs/architecture.md, JSON forms): they stay, more may follow.
"""

import base64
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import orjson

from schemas.types import EncryptedFlow, Endpoint, Evidence, Finding, Parameter
from services.cli.moments import iso
from services.cli.safe_text import text

if TYPE_CHECKING:
    from sidetap_native import Body, Exchange, Request, Response, SocketMessage

Json = dict[str, Any]
# RFC 6455, 11.8. Else: the end of a message whose beginning was not seen.
OPCODES = {1: "text", 2: "binary", 8: "close", 9: "ping", 10: "pong"}


def exchange_form(exchange: "Exchange", *, bodies: bool = False) -> Json:
    """One record of an exchange; with `bodies`, the decoded bytes in Base64 too."""
    request, response, tls = exchange.request, exchange.response, exchange.tls
    return {
        "kind": "exchange",
        "id": exchange.id,
        "source": exchange.source,
        "at": iso(exchange.at_us),
        "protocol": exchange.protocol,
        "mode": exchange.mode,
        "client": {"ip": exchange.client_ip, "port": exchange.client_port},
        "server": {"ip": exchange.server_ip, "port": exchange.server_port},
        "community_id": exchange.community_id,
        "host": exchange.host,
        "request": request and _request(request, bodies),
        "response": response and _response(response, bodies),
        "revision": exchange.revision,
        "pairing": exchange.pairing,
        "anomalies": exchange.anomalies,
        "missing_bytes": exchange.missing_bytes,
        "latency_us": exchange.latency_us,
        "tls": tls and {"sni": tls[0], "version": tls[2], "ja4": tls[3], "alpn": tls[1]},
        "site": exchange.site,
        "application": exchange.application,
        "peer": exchange.peer_ip,
        "vlan": exchange.vlan,
        "vni": exchange.vni,
        "part": exchange.part,
        "stream": exchange.stream,
        "request_seq": exchange.request_seq,
        "response_seq": exchange.response_seq,
        "response_final": exchange.response_final,
        "messages": [_socket_message(message, bodies) for message in exchange.messages],
    }


def _socket_message(message: "SocketMessage", bodies: bool) -> Json:
    form: Json = {
        "at": iso(message.at_us),
        "from": "client" if message.from_client else "server",
        "type": OPCODES.get(message.opcode, "rest"),
        "bytes": len(message.payload),
        "wire_bytes": message.wire_bytes,
        "missing_bytes": message.missing_bytes,
        "complete": message.complete,
        "truncated": message.truncated,
        "compressed": message.compressed,
    }
    if bodies:
        form["base64"] = base64.b64encode(message.payload).decode()
    return form


def _request(request: "Request", bodies: bool) -> Json:
    return {
        "method": text(request.method),
        "target": text(request.target),
        "version": request.version,
        "headers": _headers(request.headers),
        "body": _body(request.body, bodies),
        "trailers": _headers(request.trailers),
        "complete": request.complete,
    }


def _response(response: "Response", bodies: bool) -> Json:
    return {
        # HTTP/0.9 has no status line: no status, rather than a number nobody sent.
        "status": response.status or None,
        "reason": text(response.reason),
        "headers": _headers(response.headers),
        "body": _body(response.body, bodies),
        "version": response.version,
        "trailers": _headers(response.trailers),
        "complete": response.complete,
        "at": iso(response.at_us),
    }


def _headers(pairs: Sequence[tuple[bytes, bytes]]) -> list[list[str]]:
    return [[text(name), text(value)] for name, value in pairs]


def _body(body: "Body", bodies: bool) -> Json:
    plain = body.encoding is None
    decoded = b"" if plain and not bodies else body.decoded()
    form: Json = {
        "wire_bytes": body.wire_bytes,
        # Without a content coding the decoded body is what was sent, kept or not.
        "bytes": body.wire_bytes if plain else len(decoded),
        "sha256": None if body.truncated else body.sha256(),
        "complete": body.complete,
        "truncated": body.truncated,
        "encoding": body.encoding,
        "missing_bytes": body.missing_bytes,
    }
    if bodies:
        form["base64"] = base64.b64encode(decoded).decode()
    return form


def finding_form(finding: Finding) -> Json:
    """One revision of a finding."""
    return {
        "kind": "finding",
        "id": finding.id,
        "class": finding.class_,
        "title": finding.title,
        "severity": finding.severity,
        "confidence": finding.confidence,
        "at": iso(finding.at_us),
        "client": finding.client,
        "host": finding.host,
        "endpoint": finding.endpoint,
        "would_block": finding.would_block,
        "would_limit": finding.would_limit,
        "would_deny": finding.would_deny,
        "evidence": [_evidence(item) for item in finding.evidence],
        "references": {
            "cwe": finding.cwe,
            "attack": finding.attack,
            "capec": finding.capec,
            "owasp": finding.owasp,
        },
        "revision": finding.revision,
        "state": finding.state,
        "sort": finding.kind,
        "rule": finding.rule,
        "summary": finding.summary,
        "advice": finding.advice,
        "site": finding.site,
        "application": finding.application,
        "peer": finding.peer,
        "subject": finding.subject,
        "opened_at": iso(finding.opened_us),
        "count": finding.count,
        "policy_offset": finding.policy_offset,
        "model": finding.model,
        "grade": finding.grade,
    }


def _evidence(evidence: Evidence) -> Json:
    return {
        "exchange": evidence.exchange,
        "where": evidence.where,
        "value": evidence.value,
        "rule": evidence.rule,
        "raw": evidence.raw,
        "weight": evidence.weight,
        "at": iso(evidence.at_us),
    }


def encrypted_form(flow: EncryptedFlow) -> Json:
    """One record of a flow that stays encrypted."""
    return {
        "kind": "encrypted",
        "id": flow.id,
        "part": flow.part,
        "over": flow.over,
        "source": flow.source,
        "site": flow.site,
        "transport": flow.transport,
        "at": iso(flow.at_us),
        "until": iso(flow.until_us),
        "client": {"ip": flow.client_ip, "port": flow.client_port},
        "server": {"ip": flow.server_ip, "port": flow.server_port},
        "community_id": flow.community_id,
        "tls": {
            "sni": flow.server_name,
            "version": flow.version,
            "ja4": flow.ja4,
            "alpn": flow.protocol,
        },
        "client_bytes": flow.client_bytes,
        "server_bytes": flow.server_bytes,
    }


def endpoint_form(endpoint: Endpoint) -> Json:
    """One operation of the inventory."""
    return {
        "kind": "endpoint",
        "host": endpoint.host,
        "method": endpoint.method,
        "template": endpoint.template,
        "protocol": endpoint.protocol,
        "operation": endpoint.operation,
        "admitted": endpoint.admitted,
        "parameters": [_parameter(item) for item in endpoint.parameters],
        "request_bodies": [
            {"content_type": b.content_type, "schema": _schema(b.schema), "count": b.count}
            for b in endpoint.request_bodies
        ],
        "responses": [
            {
                "status": r.status,
                "content_type": r.content_type,
                "schema": _schema(r.schema),
                "count": r.count,
            }
            for r in endpoint.responses
        ],
        "auth": [{"kind": use.kind, "coverage": use.coverage} for use in endpoint.auth],
        "sensitive": endpoint.sensitive,
        "risk": endpoint.risk and {"score": endpoint.risk.score, "factors": endpoint.risk.factors},
        "tags": endpoint.tags,
        "first_at": iso(endpoint.first_us),
        "last_at": iso(endpoint.last_us),
        "count": endpoint.count,
        "site": endpoint.site,
        "application": endpoint.application,
        "sensitive_at": [
            {"direction": p.direction, "where": p.where, "kind": p.kind, "score": p.score}
            for p in endpoint.sensitive_at
        ],
        "fields": endpoint.fields,
        "seen": [
            {"what": part.what, "first_at": iso(part.first_us), "last_at": iso(part.last_us)}
            for part in endpoint.seen
        ],
        "gaps": [{"from": iso(gap.from_us), "to": iso(gap.to_us)} for gap in endpoint.gaps],
    }


def _parameter(parameter: Parameter) -> Json:
    return {
        "in": parameter.place,
        "name": parameter.name,
        "schema": _schema(parameter.schema),
        "required": parameter.required,
        "sensitive": parameter.sensitive,
        "count": parameter.count,
    }


def _schema(schema: str) -> Any:
    """JSON Schema text as a value; none where nothing is known of the structure."""
    return orjson.loads(schema) if schema else {}
