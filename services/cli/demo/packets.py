"""The same story as packets made by scapy, for machines where nobody may make a network.

The shop answers in this process; only the wire between it and its visitors is invented.
"""

import http.client
import random
from collections.abc import Iterator
from pathlib import Path

from scapy.layers.inet import IP, TCP
from scapy.layers.l2 import Ether
from scapy.packet import Packet
from scapy.utils import PcapWriter

from services.cli.demo.http_words import Answer, Call
from services.cli.demo.shop import Shop
from services.cli.demo.story import SHOP, acts, customer, monitor

SEGMENT_BYTES = 1448  # Ethernet's 1,500 less IPv4, TCP and its timestamps.
SHOP_PORT = 8080
SHOP_MAC, VISITOR_MAC = "02:00:00:00:53:01", "02:00:00:00:53:02"
ROUND_TRIP_S = 0.0004
WINDOW_BYTES = 64_240
SEED = 7


def write_story(path: Path, begin_s: float) -> float:
    """Customers and attacks into a capture file; the packet time of its end."""
    chance = random.Random(SEED)  # noqa: S311 (customers, not secrets)
    scenes = [call for act in acts() for call in act.calls]
    visits = [call for number in range(12) for call in customer(number, chance)]
    # Attacks fall between the customers' requests, as they would.
    share = max(1, len(scenes) // len(visits))
    calls: list[Call] = []
    for call in visits:
        calls += [call, *scenes[:share]]
        del scenes[:share]
    return write(path, [*calls, *scenes], begin_s, pause_s=0.08)


def write_light_traffic(path: Path, begin_s: float, number: int) -> float:
    """One customer's visit and a health check."""
    chance = random.Random(SEED + number)  # noqa: S311
    return write(path, [*customer(number, chance), monitor()], begin_s, pause_s=0.3)


def write(path: Path, calls: list[Call], begin_s: float, pause_s: float) -> float:
    """Each call on a connection of its own, one after the other; the time of the last packet."""
    shop, at_s = Shop(), begin_s
    with PcapWriter(str(path), linktype=1, sync=False) as out:
        for number, call in enumerate(calls):
            line = Line(call.client, 20_000 + number % 40_000, number)
            for packet in line.carry(request_bytes(call), response_bytes(shop.answer(call))):
                packet.time = at_s
                at_s += ROUND_TRIP_S
                out.write(packet)
            at_s += pause_s
    return at_s


def request_bytes(call: Call) -> bytes:
    """A request as it stands on the wire."""
    head = [f"{call.method} {call.target} HTTP/1.1", *(f"{n}: {v}" for n, v in call.headers)]
    return "\r\n".join([*head, "", ""]).encode() + call.body


def response_bytes(answer: Answer) -> bytes:
    """A response as it stands on the wire."""
    reason = http.client.responses[answer.status]
    head = [f"HTTP/1.1 {answer.status} {reason}", *(f"{n}: {v}" for n, v in answer.headers)]
    return "\r\n".join([*head, "", ""]).encode() + answer.body


class Line:
    """One TCP connection of a visitor to the shop."""

    def __init__(self, client: str, port: int, number: int) -> None:
        self._client, self._port = client, port
        self._client_seq = 1_000_000 + number * 70_001
        self._shop_seq = 9_000_000 + number * 90_001

    def carry(self, request: bytes, response: bytes) -> Iterator[Packet]:
        """Every packet of a connection with one exchange, from SYN to the last ACK."""
        yield self._from_client("S")
        yield self._from_shop("SA")
        yield self._from_client("A")
        for segment in _segments(request):
            yield self._from_client("PA", segment)
        yield self._from_shop("A")
        for segment in _segments(response):
            yield self._from_shop("PA", segment)
        yield self._from_client("FA")
        yield self._from_shop("FA")
        yield self._from_client("A")

    def _from_client(self, flags: str, data: bytes = b"") -> Packet:
        packet = (
            Ether(src=VISITOR_MAC, dst=SHOP_MAC)
            / IP(src=self._client, dst=SHOP)
            / TCP(sport=self._port, dport=SHOP_PORT, flags=flags, window=WINDOW_BYTES,
                  seq=self._client_seq, ack=0 if flags == "S" else self._shop_seq)
            / data
        )  # fmt: skip
        self._client_seq += len(data) + _counted(flags)
        return packet

    def _from_shop(self, flags: str, data: bytes = b"") -> Packet:
        packet = (
            Ether(src=SHOP_MAC, dst=VISITOR_MAC)
            / IP(src=SHOP, dst=self._client)
            / TCP(sport=SHOP_PORT, dport=self._port, flags=flags, window=WINDOW_BYTES,
                  seq=self._shop_seq, ack=self._client_seq)
            / data
        )  # fmt: skip
        self._shop_seq += len(data) + _counted(flags)
        return packet


def _counted(flags: str) -> int:
    """SYN and FIN take a sequence number (RFC 9293 §3.4)."""
    return int("S" in flags or "F" in flags)


def _segments(data: bytes) -> Iterator[bytes]:
    for first in range(0, len(data), SEGMENT_BYTES):
        yield data[first : first + SEGMENT_BYTES]
