"""Opens network interfaces, and says what is wrong when that fails."""

import errno
import os
import socket
import sys
from collections.abc import Sequence
from pathlib import Path

from sidetap_native import Interface

from services.capture.bpf import ETHERNET, LINK_TYPES, Instruction, compile_filter
from services.capture.own_traffic import without_ports
from services.capture.settings import Settings

NETWORK = Path("/sys/class/net")


class InterfaceError(ValueError):
    """Why an interface cannot be captured from, in one sentence."""


def open_ring(name: str, settings: Settings, kafka_ports: Sequence[int] = ()) -> Interface:
    """A ring on an interface, with the filter of the settings in the kernel.

    Frames to and from Kafka's ports are left out. Raises InterfaceError, and FilterError for a
    wrong filter.
    """
    known = [other for _, other in socket.if_nameindex()]
    if name not in known:
        raise InterfaceError(f"there is no interface {name}; this host has {', '.join(known)}")
    try:
        return Interface(
            name,
            bpf=_program(name, settings.filter, kafka_ports),
            block_bytes=settings.ring_block_bytes,
            blocks=settings.ring_blocks,
        )
    except PermissionError:
        raise InterfaceError(_how_to_get_the_right(name)) from None
    except OSError as error:
        raise InterfaceError(f"{name}: {error.strerror or error}") from None


def _program(name: str, expression: str, kafka_ports: Sequence[int]) -> Sequence[Instruction]:
    kind = int((NETWORK / name / "type").read_text())
    link_type = LINK_TYPES.get(kind, ETHERNET)
    program = compile_filter(expression, link_type) if expression else ()
    return without_ports(kafka_ports, program, link_type)


def _how_to_get_the_right(name: str) -> str:
    if os.geteuid() == 0:
        return f"this container or namespace may not open {name}: give it CAP_NET_RAW"
    python = Path(sys.executable).resolve()
    return (
        f"capturing on {name} needs the right to open packet sockets: "
        f"use sudo, or once `sudo setcap cap_net_raw=ep {python}`"
    )


def gone(error: OSError) -> bool:
    """Whether an interface went away or down while it was read."""
    return error.errno in (errno.ENETDOWN, errno.ENODEV, errno.ENXIO)
