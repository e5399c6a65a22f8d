"""A tcpdump expression to a classic BPF program, by libpcap.

libpcap's compiler is the definition of the language, and it is needed only where an expression
is given: so it is loaded when present, not required.
"""

import ctypes
import ctypes.util
from collections.abc import Sequence
from functools import cache

Instruction = tuple[int, int, int, int]  # code, jump if true, jump if false, operand

ETHERNET = 1
RAW_IP = 12
# What a packet socket delivers, by /sys/class/net/NAME/type (ARPHRD_… in linux/if_arp.h):
# Ethernet and loopback with an Ethernet header, tunnels and PPP from the IP header on.
LINK_TYPES = {1: ETHERNET, 772: ETHERNET, 512: RAW_IP, 65_534: RAW_IP, 768: RAW_IP, 776: RAW_IP}

_NETMASK_UNKNOWN = 0xFFFF_FFFF
_NAMES = ("libpcap.so.0.8", "libpcap.so.1", "libpcap.so")


class FilterError(ValueError):
    """Why there is no program for an expression, in one sentence."""


class _Instruction(ctypes.Structure):
    _fields_ = (
        ("code", ctypes.c_ushort),
        ("jump_true", ctypes.c_ubyte),
        ("jump_false", ctypes.c_ubyte),
        ("operand", ctypes.c_uint),
    )


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_uint), ("instructions", ctypes.POINTER(_Instruction)))


def compile_filter(
    expression: str, link_type: int, snapshot_bytes: int = 262_144
) -> tuple[Instruction, ...]:
    """The program of an expression such as "tcp port 80" for frames of one link type.

    Raises FilterError when the expression is wrong or libpcap is missing.
    """
    pcap = _library()
    handle = pcap.pcap_open_dead(link_type, snapshot_bytes)
    if not handle:
        raise FilterError(f"libpcap does not know link type {link_type}")
    program = _Program()
    try:
        text = expression.encode()
        if pcap.pcap_compile(handle, ctypes.byref(program), text, 1, _NETMASK_UNKNOWN) != 0:
            reason = pcap.pcap_geterr(handle).decode(errors="replace")
            raise FilterError(f"the filter {expression!r} is wrong: {reason}")
        return tuple(
            (i.code, i.jump_true, i.jump_false, i.operand)
            for i in program.instructions[: program.length]
        )
    finally:
        pcap.pcap_freecode(ctypes.byref(program))
        pcap.pcap_close(handle)


@cache
def _library() -> ctypes.CDLL:
    library = _first_that_loads((*_NAMES, ctypes.util.find_library("pcap")))
    library.pcap_open_dead.restype = ctypes.c_void_p
    library.pcap_open_dead.argtypes = [ctypes.c_int, ctypes.c_int]
    library.pcap_compile.argtypes = [
        ctypes.c_void_p, ctypes.POINTER(_Program), ctypes.c_char_p, ctypes.c_int, ctypes.c_uint,
    ]  # fmt: skip
    library.pcap_geterr.restype = ctypes.c_char_p
    library.pcap_geterr.argtypes = [ctypes.c_void_p]
    library.pcap_freecode.argtypes = [ctypes.POINTER(_Program)]
    library.pcap_close.argtypes = [ctypes.c_void_p]
    return library


def _first_that_loads(names: Sequence[str | None]) -> ctypes.CDLL:
    for name in names:
        if name:
            try:
                return ctypes.CDLL(name)
            except OSError:
                continue
    raise FilterError(
        "a filter needs libpcap, which is not installed: "
        "apt install libpcap0.8 (Debian, Ubuntu) or dnf install libpcap (Fedora, RHEL)"
    )
