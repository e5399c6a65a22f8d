"""The `[reassembly]` section: who the client is, what is left out, how applications are called.

These rules decide where a record goes, so they are settings, read once, and not policy: the
client of a connection must not change in mid-run.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_network
from typing import Literal

Action = Literal["include", "exclude"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Proxy:
    """Proxies of ours: their word on the client is believed.

    `peers` are their addresses as the tap sees them. `header` is what they write: Forwarded
    (RFC 7239) or a list or single address such as X-Forwarded-For, X-Real-IP, True-Client-IP.
    Addresses of `peers` and `trusted` in it are further proxies of ours; the rightmost other
    one is the client.
    """

    name: str
    peers: tuple[str, ...]
    header: str = "X-Forwarded-For"
    trusted: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _check_networks(self.name, self.peers + self.trusted)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Exchanges to leave out (or, before a wider rule, to keep). All that is given must match.

    `hosts`, `paths` and the values of `headers` are patterns with `*` and `?`, in which `*`
    also spans slashes; hosts match in any case, paths after decoding and without dot segments.
    `clients` and `servers` are subnets. Hosts, paths and headers are what the client sent: a
    rule on them alone lets an attacker choose to be left out, so add `servers` where possible.
    """

    name: str
    action: Action = "exclude"
    hosts: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    clients: tuple[str, ...] = ()
    servers: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _check_networks(self.name, self.clients + self.servers)


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """A name for what answers under these hosts and paths (patterns as in Filter)."""

    name: str
    hosts: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """In each list the first rule that matches decides. An exchange that no filter matches meets
    the opposite of the last one. `limits` override the named limits of native/src/limits.rs.
    With `tls_keys` encrypted bytes wait for theirs from the beginning, not from the first key on.
    """

    proxies: tuple[Proxy, ...] = ()
    filters: tuple[Filter, ...] = ()
    applications: tuple[Application, ...] = ()
    limits: Mapping[str, int] = field(default_factory=dict)
    tls_keys: bool = False

    def __post_init__(self) -> None:
        for rules in (self.proxies, self.filters, self.applications):
            names = [rule.name for rule in rules]
            for name in names:
                if names.count(name) > 1:
                    raise ValueError(f"two rules are called {name}: each is counted by its name")


def _check_networks(rule: str, networks: tuple[str, ...]) -> None:
    for network in networks:
        try:
            ip_network(network)
        except ValueError as error:
            raise ValueError(f"rule {rule}: {error}") from None
