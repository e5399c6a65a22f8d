"""Runs inside a network namespace: sends frames on one end of a veth, captures on the other.

Prints one JSON object. Started by test_interface.py.
"""

import json
import socket
import sys
import time

from sidetap_native import Interface

from tests.unit.native.frames import ether, ip, ledger, packer, packets, records, tcp

FRAMES = [
    *(ether(ip(tcp(b"a" * 50, source=1000 + n))) for n in range(20)),
    ether(ip(tcp(b"tagged", source=2000)), tags=[7]),
    ether(ip(b"12345678", protocol=17)),
]
# ip proto 6, by its byte in an untagged frame
TCP_ONLY = [(0x30, 0, 0, 23), (0x15, 0, 1, 6), (0x06, 0, 0, 65535), (0x06, 0, 0, 0)]


def captured(interface: Interface, frames: list[bytes]) -> dict[str, object]:
    """What comes out of the other end within a second."""
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as sender:
        sender.bind(("probe1", 0))
        for frame in frames:
            sender.send(frame)
    to = packer(agent="probe0")
    blocks = []
    until = time.monotonic() + 1
    while time.monotonic() < until:
        blocks += to.read(interface, 1000)
    blocks += to.end()
    found = [packet for block in records(blocks) for packet in packets(block)]
    assert all(abs(packet[0] - time.time() * 1e6) < 60e6 for packet in found)
    entry = ledger(to)["capture"]
    dropped = entry.dropped
    return {
        "frames": sorted(packet[3].hex() for packet in found),
        "not_tcp": dropped["not_tcp"].packets if "not_tcp" in dropped else 0,
        "entered": entry.entered.packets,
        "missing": {cause: amount.packets for cause, amount in entry.missing.items()},
        "kernel": interface.kernel_counts(),
    }


def main() -> None:
    """Three captures: all, filtered by the kernel, and two sockets that share."""
    found: dict[str, object] = {"sent": sorted(frame.hex() for frame in FRAMES[:-1])}
    found["all"] = captured(Interface("probe0", blocks=4), FRAMES)
    found["filtered"] = captured(Interface("probe0", blocks=4, bpf=TCP_ONLY), FRAMES[:20])
    shared = [Interface("probe0", blocks=4, fanout_group=77) for _ in range(2)]
    first = captured(shared[0], FRAMES[:20])["frames"]
    second = captured(shared[1], [])["frames"]
    found["shared"] = [first, second]
    overrun = Interface("probe0", blocks=2, block_bytes=4096)
    large = [ether(ip(tcp(b"b" * 1400, source=3000 + n))) for n in range(64)]
    found["overrun"] = captured(overrun, large)
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
