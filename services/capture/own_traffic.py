"""Keeps an agent from capturing what it sends: without it, each packet to Kafka makes another.

Frames to and from Kafka's ports are rejected by the kernel. The port alone decides: a cluster's
addresses change, and nothing worth watching speaks HTTP where Kafka listens.
"""

from collections.abc import Sequence

from services.capture.bpf import ETHERNET, Instruction

# Clusters have one to three listeners; the jumps of a program reach 255 instructions.
PORTS_MAX = 16
ACCEPT = (0x06, 0, 0, 262_144)
_REJECT = (0x06, 0, 0, 0)
_LOAD_HALF, _LOAD_BYTE = 0x28, 0x30
_LOAD_HALF_BEHIND_X, _X_IS_HEADER_BYTES = 0x48, 0xB1
_JUMP_EQUAL, _JUMP_ANY_BIT = 0x15, 0x45
_IPV4, _IPV6, _TCP, _FRAGMENT_OFFSET = 0x0800, 0x86DD, 6, 0x1FFF

# (code, operand, label to jump to if true, label if false); None: the next instruction.
_Line = tuple[int, int, str | None, str | None]


def without_ports(
    ports: Sequence[int], program: Sequence[Instruction], link_type: int
) -> tuple[Instruction, ...]:
    """A program that rejects TCP from and to these ports and else does what `program` does.

    An empty program accepts. Jumps are relative, so one program can stand before another.
    """
    accepted = tuple(program) or (ACCEPT,)
    if not ports:
        return tuple(program)
    return (*_prefix(sorted(ports)[:PORTS_MAX], link_type), *accepted)


def _prefix(ports: Sequence[int], link_type: int) -> list[Instruction]:
    ip = 14 if link_type == ETHERNET else 0
    four = [
        *_only(_LOAD_BYTE, ip + 9, _TCP),
        (_LOAD_HALF, ip + 6, None, None),
        (_JUMP_ANY_BIT, _FRAGMENT_OFFSET, "accept", None),  # No ports in later fragments.
        (_X_IS_HEADER_BYTES, ip, None, None),
        *_ports(_LOAD_HALF_BEHIND_X, ip, ports),
    ]
    six = [*_only(_LOAD_BYTE, ip + 6, _TCP), *_ports(_LOAD_HALF, ip + 40, ports)]
    return _assembled({"": _version(link_type), "four": four, "six": six})


def _version(link_type: int) -> list[_Line]:
    if link_type == ETHERNET:
        return [
            (_LOAD_HALF, 12, None, None),
            (_JUMP_EQUAL, _IPV4, "four", None),
            (_JUMP_EQUAL, _IPV6, "six", "accept"),
        ]
    return [
        (_LOAD_BYTE, 0, None, None),
        (0x74, 4, None, None),  # The high half is the version.
        (_JUMP_EQUAL, 4, "four", None),
        (_JUMP_EQUAL, 6, "six", "accept"),
    ]


def _only(load: int, at: int, value: int) -> list[_Line]:
    return [(load, at, None, None), (_JUMP_EQUAL, value, None, "accept")]


def _ports(load: int, at: int, ports: Sequence[int]) -> list[_Line]:
    lines: list[_Line] = []
    for place in (at, at + 2):
        lines.append((load, place, None, None))
        lines += [(_JUMP_EQUAL, port, "reject", None) for port in ports]
    code, operand, true, _ = lines[-1]
    lines[-1] = (code, operand, true, "accept")
    return lines


def _assembled(parts: dict[str, list[_Line]]) -> list[Instruction]:
    """Labels to distances; the reject stands last, and what follows it accepts."""
    lines = [line for part in parts.values() for line in part]
    labels, position = {}, 0
    for name, part in parts.items():
        labels[name] = position
        position += len(part)
    labels.update(reject=position, accept=position + 1)

    def distance(at: int, label: str | None) -> int:
        return labels[label] - at - 1 if label else 0

    jumps = [
        (code, distance(at, true), distance(at, false), operand)
        for at, (code, operand, true, false) in enumerate(lines)
    ]
    return [*jumps, _REJECT]
