"""Packets of one TCP connection, written as a dialogue; what a case's make.py is made of.

Times, ids and sequence numbers are fixed, so a case's capture is the same whenever it is made.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from scapy.layers.inet import IP, TCP
from scapy.layers.l2 import Ether
from scapy.utils import wrpcap

START_S = 1_700_000_000
STEP_S = 0.001
CLIENT = ("10.0.0.1", 40000)
SERVER = ("10.0.0.2", 80)


class Conversation:
    """Two ends that take turns; `packets` is what a tap between them sees."""

    def __init__(
        self,
        *,
        client: tuple[str, int] = CLIENT,
        server: tuple[str, int] = SERVER,
        client_isn: int = 1_000,
        server_isn: int = 500_000,
        start_s: float = 0.0,
    ) -> None:
        self.packets: list[Any] = []
        self._ends = (client, server)
        self._next = [client_isn, server_isn]
        self._now_s = START_S + start_s

    def wait(self, seconds: float) -> None:
        """Nothing happens for so long."""
        self._now_s += seconds

    def open(self, data: bytes = b"") -> None:
        """The three-way handshake; `data` rides on the SYN."""
        self._packet(0, "S", data, ack=False)
        self._next[0] += 1 + len(data)
        self._packet(1, "SA", b"")
        self._next[1] += 1
        self._packet(0, "A", b"")

    def send(self, data: bytes, *, flags: str = "PA", mss: int = 1460) -> None:
        """The client sends."""
        self._say(0, data, flags, mss)

    def answer(self, data: bytes, *, flags: str = "PA", mss: int = 1460) -> None:
        """The server sends."""
        self._say(1, data, flags, mss)

    def ack(self, end: int) -> None:
        """A bare acknowledgement of all so far: 0 from the client, 1 from the server."""
        self._packet(end, "A", b"")

    def close(self) -> None:
        """FIN from the server, then from the client."""
        for end in (1, 0):
            self._packet(end, "FA", b"")
            self._next[end] += 1
        self._packet(1, "A", b"")

    def raw(self, end: int, flags: str, data: bytes, *, back: int = 0) -> None:
        """A packet that moves nothing on, `back` bytes before the end's next one."""
        self._packet(end, flags, data, back=back)

    def skip(self, end: int, data: bytes) -> None:
        """Sent, and never seen by the tap."""
        self._next[end] += len(data)

    def _say(self, end: int, data: bytes, flags: str, mss: int) -> None:
        for at in range(0, len(data), mss):
            part = data[at : at + mss]
            self._packet(end, flags, part)
            self._next[end] += len(part)

    def _packet(
        self, end: int, flags: str, data: bytes, *, ack: bool = True, back: int = 0
    ) -> None:
        (ip, port), (other_ip, other_port) = self._ends[end], self._ends[1 - end]
        tcp = TCP(
            sport=port,
            dport=other_port,
            flags=flags,
            seq=(self._next[end] - back) % (1 << 32),
            ack=self._next[1 - end] % (1 << 32) if ack else 0,
            window=65_535,
        )
        macs = ("02:00:00:00:00:01", "02:00:00:00:00:02")
        frame = Ether(src=macs[end], dst=macs[1 - end]) / IP(src=ip, dst=other_ip, id=1) / tcp
        packet = frame / data if data else frame
        packet.time = self._now_s
        self._now_s += STEP_S
        self.packets.append(packet)


def response(body: bytes, *headers: bytes, status: bytes = b"200 OK") -> bytes:
    """A response with its Content-Length."""
    fields = (b"Content-Length: %d" % len(body), *headers)
    return b"\r\n".join((b"HTTP/1.1 " + status, *fields, b"", body))


def request(target: bytes, *headers: bytes, method: bytes = b"GET", body: bytes = b"") -> bytes:
    """A request, with its Content-Length where there is a body."""
    fields = (b"Host: shop.example", *headers)
    if body:
        fields = (*fields, b"Content-Length: %d" % len(body))
    return b"\r\n".join((b"%s %s HTTP/1.1" % (method, target), *fields, b"", body))


def cut(packet: Any, snaplen: int) -> Any:
    """The packet as a capture with this snap length keeps it."""
    whole = bytes(packet)
    kept = Ether(whole[:snaplen])
    kept.time, kept.wirelen = packet.time, len(whole)
    return kept


def save(make: str, packets: Sequence[Any]) -> None:
    """Write capture.pcap beside a make.py."""
    wrpcap(str(Path(make).with_name("capture.pcap")), list(packets))
