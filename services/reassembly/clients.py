"""Who the client of an exchange is: the TCP peer, or whom a proxy of ours names.

In:     the peer's address and the request's headers.
Out:    the client's address, or None where the peer is the client.
Keeps:  nothing.
"""

import re
from collections.abc import Iterable, Sequence

from services.reassembly.addresses import Subnets, without_port
from services.reassembly.settings import Proxy

# Real chains have under ten proxies. Beyond that someone feeds us work: the peer stays.
HOPS_MAX = 32
# One element of a Forwarded header: pairs, in which a quoted value may hold commas.
_PAIR = r'\s*[\w!#$%&\'*+.^`|~-]+=(?:"(?:[^"\\]|\\.)*"|[^\s",;]*)\s*'
_ELEMENT = re.compile(rf"({_PAIR}(?:;{_PAIR})*)(?:,|$)")
_FOR = re.compile(r'(?:^|;)\s*for=("(?:[^"\\]|\\.)*"|[^\s",;]*)', re.I)


class Clients:
    """The trusted-proxy rules, ready to be asked."""

    def __init__(self, proxies: Sequence[Proxy]) -> None:
        self._rules = [
            (Subnets(p.peers), Subnets(p.peers + p.trusted), p.header.lower().encode())
            for p in proxies
        ]

    def __bool__(self) -> bool:
        return bool(self._rules)

    def named(self, peer_ip: str, headers: Iterable[tuple[bytes, bytes]]) -> str | None:
        """The client that the proxy at `peer_ip` names; None: the peer is all that is known.

        The header's values are one list from far to near. From the right, addresses of trusted
        proxies are passed over; where all are trusted, the leftmost is the client. What is no
        address ends the search with None: left of it anybody may have written anything.
        """
        for peers, trusted, header in self._rules:
            if peer_ip in peers:
                values = [value for name, value in headers if name.lower() == header]
                hops = _forwarded(values) if header == b"forwarded" else _listed(values)
                return _rightmost_untrusted(hops, trusted)
        return None


def _rightmost_untrusted(hops: Sequence[str | None], trusted: Subnets) -> str | None:
    client = None
    for hop in reversed(hops[-HOPS_MAX:]):
        client = hop
        if hop is None or hop not in trusted:
            return hop
    return client if len(hops) <= HOPS_MAX else None


def _listed(values: Sequence[bytes]) -> list[str | None]:
    text = b",".join(values).decode("latin-1")
    parts = text.rsplit(",", HOPS_MAX - 1) if values else []
    return [without_port(part.strip(" \t")) for part in parts]


def _forwarded(values: Sequence[bytes]) -> list[str | None]:
    """RFC 7239: `for=192.0.2.1;proto=http, for="[2001:db8::1]:4711"`."""
    text = b",".join(values).decode("latin-1")
    hops: list[str | None] = []
    position = 0
    while position < len(text):
        element = _ELEMENT.match(text, position)
        if element is None:
            return [None]  # Where one element ends is not known: nothing in it can be believed.
        found = _FOR.search(element.group(1))
        hops.append(without_port(found.group(1).strip('"')) if found else None)
        position = element.end()
    return hops
