"""Ports to which mirrors send: which they are, and what is said where one cannot be had."""

import os
import socket

import pytest

from services.capture.listeners import ListenerError, open_listener, with_port
from services.capture.settings import Settings

HERE = Settings(listen_address="127.0.0.1")


def test_a_tunnel_has_a_port_of_its_own() -> None:
    assert with_port("vxlan") == "vxlan:4789"
    assert with_port("geneve") == "geneve:6081"
    assert with_port("geneve:16081") == "geneve:16081"
    for wrong in ("gre", "vxlan:", "vxlan:0", "vxlan:65536", "vxlan:4789:1"):
        with pytest.raises(ListenerError, match="is nothing to listen for"):
            with_port(wrong)


def test_a_port_that_is_taken_is_said_to_be() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        port = other.getsockname()[1]
        with pytest.raises(ListenerError, match=f"vxlan:{port}: UDP port {port} is taken"):
            open_listener(f"vxlan:{port}", HERE)
    open_listener(f"vxlan:{port}", HERE)


def test_an_address_of_another_host_is_said_to_be() -> None:
    with pytest.raises(ListenerError, match=r"this host has no address 192\.0\.2\.1"):
        open_listener("vxlan:14789", Settings(listen_address="192.0.2.1"))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may take any port")
def test_a_low_port_needs_a_right() -> None:
    with pytest.raises(ListenerError, match="need root or CAP_NET_BIND_SERVICE"):
        open_listener("vxlan:79", HERE)
