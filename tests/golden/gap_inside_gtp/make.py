"""A segment of a body is lost inside GTP-U, as a mobile network's core mirrors it."""

from typing import Any

from scapy.layers.inet import IP, UDP
from scapy.layers.l2 import Ether

from tests.golden.conversation import Conversation, request, response, save


def packets() -> list[Any]:
    talk = Conversation()
    talk.open()
    talk.send(request(b"/large"))
    whole = response(b"x" * 3_000)
    talk.answer(whole[:1_000])
    talk.skip(1, whole[1_000:1_400])
    talk.answer(whole[1_400:])
    talk.ack(0)
    talk.send(request(b"/next"))
    talk.answer(response(b"y"))
    talk.close()
    return [_wrapped(number, packet) for number, packet in enumerate(talk.packets)]


def _wrapped(number: int, packet: Any) -> Any:
    """Each direction has a tunnel of its own; every other head has a sequence number."""
    inner = bytes(packet[IP])
    down = packet[IP].src == "10.0.0.2"
    ends = ("192.0.2.1", "192.0.2.2")
    flags, more = (0x32, number.to_bytes(2, "big") + b"\0\0") if number % 2 else (0x30, b"")
    gtp = bytes((flags, 255)) + (len(inner) + len(more)).to_bytes(2, "big")
    gtp += (7 + down).to_bytes(4, "big") + more
    ether = Ether(src="02:00:00:00:00:11", dst="02:00:00:00:00:12")
    ip = IP(src=ends[down], dst=ends[not down], id=1)
    made = ether / ip / UDP(sport=2_152, dport=2_152) / (gtp + inner)
    made.time = packet.time
    return made


if __name__ == "__main__":
    save(__file__, packets())
