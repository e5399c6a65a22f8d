"""One record of an exchange as OCSF HTTP Activity (class 4002), masked; bodies stay here.

In:   the native view of an Exchange record.
Out:  one event. `metadata.uid` is the id (with the part of a stream that was cut) and revision;
      both records of an exchange share `metadata.correlation_uid`. HTTP/0.9 has code 0.
"""

from collections.abc import Sequence
from typing import Any

from sidetap_native import Exchange, Request, Response

from services.export.ocsf import OTHER, Json, event, hostname, present, serialised, short, text
from services.runtime.masking import Masker

CLASS_UID, CLASS_NAME = 4002, "HTTP Activity"
ACTIVITIES = {
    "CONNECT": (1, "Connect"),
    "DELETE": (2, "Delete"),
    "GET": (3, "Get"),
    "HEAD": (4, "Head"),
    "OPTIONS": (5, "Options"),
    "POST": (6, "Post"),
    "PUT": (7, "Put"),
    "TRACE": (8, "Trace"),
    "PATCH": (9, "Patch"),
}
UNKNOWN = (0, "Unknown")
TCP = 6
IP_4 = (4, "Internet Protocol version 4 (IPv4)")
IP_6 = (6, "Internet Protocol version 6 (IPv6)")
DIRECTION_UNKNOWN = 0
JA4 = (1, "JA4")
SUCCESS, FAILURE = (1, "Success"), (2, "Failure")
# Headers of one message that go along; browsers send twenty, servers accept a hundred.
HEADERS_MAX = 100
# A record may say any two lengths; their sum must still be a length of 64 bits.
LONG_MAX = 2**63 - 1


def exchange_event(exchange: Exchange, masker: Masker) -> bytes:
    """One record as one line of JSON."""
    request, response = exchange.request, exchange.response
    method = text(request.method) if request else ""
    status_id, status = _status(response)
    body = event(
        CLASS_UID,
        CLASS_NAME,
        _activity(method),
        severity="info",
        disposition="Logged",
        metadata=_metadata(exchange),
        at_us=exchange.at_us,
    )
    body |= present(
        {
            "status_id": status_id,
            "status": status,
            "status_code": str(response.status) if response else None,
            "app_protocol_name": exchange.protocol.partition("/")[0],
            "src_endpoint": _client(exchange),
            "dst_endpoint": _server(exchange),
            "connection_info": _connection(exchange),
            "traffic": _traffic(exchange, request, response),
            "http_request": _request(exchange, request, masker) if request else None,
            "http_response": _response(exchange, response, masker) if response else None,
            **_tls(exchange),
            "unmapped": _unmapped(exchange, method),
        }
    )
    return serialised(body, [("http_response", "http_headers"), ("http_request", "http_headers")])


def _activity(method: str) -> tuple[int, str]:
    """The standard's word for a method, in which only its own spelling counts (RFC 9110)."""
    if not method:
        return UNKNOWN
    return ACTIVITIES.get(method, (OTHER, short(method)))


def _status(response: Response | None) -> tuple[int, str]:
    if response is None or not response.status:
        return UNKNOWN
    return SUCCESS if response.status < 400 else FAILURE


def _metadata(exchange: Exchange) -> Json:
    part = "" if exchange.part is None else f"/{exchange.part}"
    return {
        "uid": f"{exchange.id}{part}.{exchange.revision}",
        "correlation_uid": exchange.id,
        "sequence": exchange.revision,
        "log_name": "exchanges",
        "log_source": exchange.source,
    }


def _client(exchange: Exchange) -> Json:
    """The port belongs to the TCP peer: with a proxy between, the client's is not known."""
    direct = exchange.client_ip == exchange.peer_ip
    return present(
        {
            "ip": exchange.client_ip,
            "port": exchange.client_port if direct else None,
            "intermediate_ips": [] if direct else [exchange.peer_ip],
            "vlan_uid": None if exchange.vlan is None else str(exchange.vlan),
        }
    )


def _server(exchange: Exchange) -> Json:
    return present(
        {
            "ip": exchange.server_ip,
            "port": exchange.server_port,
            "hostname": hostname(exchange.host),
            "svc_name": exchange.application,
        }
    )


def _connection(exchange: Exchange) -> Json:
    version_id, version = IP_6 if ":" in exchange.server_ip else IP_4
    return {
        "direction_id": DIRECTION_UNKNOWN,
        "direction": "Unknown",
        "protocol_num": TCP,
        "protocol_name": "tcp",
        "protocol_ver_id": version_id,
        "protocol_ver": version,
        **present({"community_uid": exchange.community_id}),
    }


def _traffic(exchange: Exchange, request: Request | None, response: Response | None) -> Json:
    """In the standard "in" is towards the client."""
    counted = {
        "bytes_out": _length(request) if request else None,
        "bytes_in": _length(response) if response else None,
    }
    total = min(LONG_MAX, sum(value for value in counted.values() if value is not None))
    return {**present(counted), "bytes": total, "bytes_missed": exchange.missing_bytes}


def _length(message: Request | Response) -> int:
    return max(0, min(LONG_MAX, message.head_bytes + message.body.wire_bytes))


def _request(exchange: Exchange, request: Request, masker: Masker) -> Json:
    method = text(request.method)
    agent, referrer = request.header(b"user-agent"), request.header(b"referer")
    known = {
        # The standard lists the methods it knows; another one stands in activity_name.
        "http_method": method if method in ACTIVITIES else None,
        "user_agent": short(masker.text(text(agent))) if agent else None,
        "referrer": short(masker.target(text(referrer))) if referrer else None,
        "http_headers": _headers(request.headers, masker),
    }
    return {
        "uid": exchange.id,
        "version": request.version,
        "url": _url(exchange, request, masker),
        "length": _length(request),
        "body_length": request.body.wire_bytes,
        **present(known),
    }


def _url(exchange: Exchange, request: Request, masker: Masker) -> Json:
    target = masker.target(text(request.target))
    path, _, query = target.partition("?")
    known = {
        "query_string": short(query),
        "hostname": hostname(exchange.host),
        "port": exchange.server_port,
        "scheme": "https" if exchange.tls else "http",
    }
    return {"path": short(path), **present(known)}


def _response(exchange: Exchange, response: Response, masker: Masker) -> Json:
    content_type = response.header(b"content-type")
    latency_us = exchange.latency_us
    known: dict[str, Any] = {
        "message": short(text(response.reason)),
        "content_type": short(text(content_type)) if content_type else None,
        "latency": None if latency_us is None else max(0, latency_us) // 1000,
        "http_headers": _headers(response.headers, masker),
    }
    return {
        "code": response.status,
        "length": _length(response),
        "body_length": response.body.wire_bytes,
        **present(known),
    }


def _headers(pairs: Sequence[tuple[bytes, bytes]], masker: Masker) -> list[Json]:
    kept = [(text(name), text(value)) for name, value in pairs[:HEADERS_MAX]]
    return [{"name": short(name), "value": short(value)} for name, value in masker.headers(kept)]


def _tls(exchange: Exchange) -> Json:
    """The standard's tls object wants a version; without one the fingerprint still goes."""
    if exchange.tls is None:
        return {}
    sni, _, version, ja4 = exchange.tls
    type_id, type_name = JA4
    fingerprint = {"type_id": type_id, "type": type_name, "value": ja4}
    return {
        "tls": {"version": version, **present({"sni": sni})} if version else None,
        "ja4_fingerprint_list": [fingerprint] if ja4 else None,
    }


def _unmapped(exchange: Exchange, method: str) -> Json:
    return present(
        {
            "site": exchange.site,
            "mode": exchange.mode,
            "pairing": exchange.pairing,
            "response_final": exchange.response_final,
            "anomalies": exchange.anomalies,
            "part": exchange.part,
            "stream": exchange.stream,
            "vni": exchange.vni,
            "host": "" if hostname(exchange.host) else short(exchange.host),
            "method": "" if method in ACTIVITIES else short(method),
        }
    )
