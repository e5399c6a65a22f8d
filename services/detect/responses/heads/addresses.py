"""Addresses of the inside that answers tell the outside."""

import ipaddress
import re
from collections.abc import Iterator
from functools import lru_cache

from services.detect.responses.answer import Answer
from services.detect.responses.rules import Proof
from services.detect.rules import Detector

HEADERS = frozenset(
    b"location content-location x-backend x-backend-server x-upstream x-served-by x-real-server"
    b" x-host x-server-ip x-upstream-addr refresh link".split()
)
PRIVATE = re.compile(
    rb"(?<![\d.])(?:10(?:\.\d{1,3}){3}|192\.168(?:\.\d{1,3}){2}|172\.(?:1[6-9]|2\d|3[01])(?:\.\d{1,3}){2})(?![\d.])"
)

WEAKNESS = Detector(
    class_="internal_address",
    title="Address of the inside in an answer",
    advice="Have the server build its addresses from the host that it is asked for, and the proxy"
    " drop such headers.",
    severity="info",
    cwe=("CWE-200", "CWE-212"),
    capec=("CAPEC-118",),
    attack=("T1590.005",),
    owasp=("A05:2021",),
    rules=(),
)


def check(answer: Answer) -> Iterator[Proof]:
    """A private address in a header, told to a client that is not inside."""
    if HEADERS.isdisjoint(answer.first):
        return
    for name, value in answer.headers:
        if name in HEADERS and (found := PRIVATE.search(value)):
            exchange = answer.exchange
            if (
                inside(exchange.client_ip)
                or inside(exchange.host)
                or found[0] in answer.request.target
            ):
                return
            yield Proof(
                weakness=WEAKNESS,
                rule="internal_address.header",
                says="the answer names an address of the inside",
                weight=0.9,
                where=f"response.header.{name.decode('ascii', 'replace')}",
                value=value[:256],
                detail=found[0].decode(),
                about="host",
            )
            return


@lru_cache(maxsize=4_096)
def inside(name: str) -> bool:
    """A private, loopback or link-local address; a name without a dot."""
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return "." not in name
    if address.version == 6:
        return address.is_private or address.is_link_local
    return bool(PRIVATE.fullmatch(name.encode())) or address.is_loopback or address.is_link_local
