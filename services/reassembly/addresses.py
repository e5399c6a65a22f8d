"""IP addresses as text: which subnet one is in, and how proxies write them."""

from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

Address = IPv4Address | IPv6Address

# Addresses repeat; 65,536 parsed ones are some 15 MB and cover the clients of a busy minute.
PARSED_MAX = 65_536


@lru_cache(PARSED_MAX)
def parsed(text: str) -> Address | None:
    """An address; IPv4 inside IPv6 (::ffff:a.b.c.d) is IPv4, a zone or other text is None."""
    try:
        address = ip_address(text)
    except ValueError:
        return None
    if isinstance(address, IPv6Address):
        if address.scope_id:
            return None
        return address.ipv4_mapped or address
    return address


class Subnets:
    """A set of subnets."""

    def __init__(self, networks: Iterable[str]) -> None:
        self._networks = tuple(ip_network(network) for network in networks)

    def __bool__(self) -> bool:
        return bool(self._networks)

    def __contains__(self, text: str) -> bool:
        address = parsed(text)
        return address is not None and any(address in network for network in self._networks)


def without_port(text: str) -> str | None:
    """The address of `ip`, `ip:port`, `[v6]` or `[v6]:port`, in its shortest form.

    None when it is none of them.
    """
    if text.startswith("["):
        inside, bracket, rest = text[1:].partition("]")
        if not bracket or (rest and not _is_port(rest.removeprefix(":"))):
            return None
        found = parsed(inside)
        return str(found) if found and ":" in inside else None
    if text.count(":") == 1:
        text, _, port = text.partition(":")
        if not _is_port(port):
            return None
    found = parsed(text)
    return str(found) if found else None


def _is_port(text: str) -> bool:
    return text.isascii() and text.isdigit() and int(text[:6]) < 65_536
