"""Opens UDP ports to which mirrors send packets in a tunnel, and says what is wrong when it fails.

Clouds mirror so (VXLAN for VPC traffic mirroring, GENEVE from gateway load balancers), and
switches can. Listening needs no right at all, and answers no datagram with "port unreachable",
as a host does whose interface alone is captured.
"""

import errno
import re
import socket
from contextlib import suppress

from sidetap_native import Listener

from services.capture.settings import Settings

PORTS = {"vxlan": 4_789, "geneve": 6_081}
SPECIFICATION = re.compile(r"(vxlan|geneve)(?::(\d{1,5}))?")
PORT_MAX = 65_535


class ListenerError(ValueError):
    """Why a port cannot be listened on, in one sentence."""


def with_port(tunnel: str) -> str:
    """vxlan as vxlan:4789. Raises ListenerError."""
    found = SPECIFICATION.fullmatch(tunnel)
    port = int(found[2] or PORTS[found[1]]) if found else 0
    if not found or not 0 < port <= PORT_MAX:
        raise ListenerError(f"{tunnel!r} is nothing to listen for: vxlan, geneve, or vxlan:PORT")
    return f"{found[1]}:{port}"


def open_listener(name: str, settings: Settings) -> Listener:
    """A listener on a port of all addresses, or of `listen_address`. Raises ListenerError."""
    tunnel, _, port = name.partition(":")
    try:
        bound = _bound(settings.listen_address, int(port), settings.listen_buffer_bytes)
        return Listener(bound.detach(), tunnel, vnis=settings.vnis)
    except OSError as error:
        raise ListenerError(_why(name, settings.listen_address, error)) from None


def _bound(address: str, port: int, buffer_bytes: int) -> socket.socket:
    if not address and socket.has_dualstack_ipv6():
        bound = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    else:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        bound = socket.socket(family, socket.SOCK_DGRAM)
    try:
        with suppress(PermissionError):  # beyond net.core.rmem_max only for CAP_NET_ADMIN
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer_bytes)
            bound.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, buffer_bytes)
        bound.bind((address, port))
    except OSError:
        bound.close()
        raise
    return bound


# Of socket(7); Python has no name for it.
SO_RCVBUFFORCE = 33


def _why(name: str, address: str, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        tunnel, _, port = name.partition(":")
        return f"{name}: UDP port {port} is taken: end who listens there, or take {tunnel}:PORT"
    if error.errno == errno.EADDRNOTAVAIL:
        return f"{name}: this host has no address {address} (listen_address)"
    if error.errno == errno.EACCES:
        return f"{name}: ports below 1024 need root or CAP_NET_BIND_SERVICE: take a higher one"
    return f"{name}: {error.strerror or error}"
