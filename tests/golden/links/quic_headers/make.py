"""QUIC goes on with its long heads whole and with its short ones as headers; other UDP stays."""

from scapy.layers.inet import IP, UDP
from scapy.layers.inet6 import IPv6
from scapy.layers.l2 import Ether

LINK = 1
LONG = b"\xc0\0\0\0\x01\x02ab\x00\x00\x40\x10" + b"\x5a" * 16


def packets() -> list[tuple[int, bytes]]:
    v4 = Ether(src="02:00:00:00:00:01", dst="02:00:00:00:00:02") / IP(
        src="10.0.0.1", dst="10.0.0.2", id=1
    )
    v6 = Ether(src="02:00:00:00:00:01", dst="02:00:00:00:00:02") / IPv6(
        src="2001:db8::1", dst="2001:db8::2"
    )
    outer = IP(src="192.0.2.1", dst="192.0.2.2", id=1) / UDP(sport=5_000, dport=4_789)
    vxlan = b"\x08\0\0\0\0\0\x2a\0"
    frames = [
        v4 / UDP(sport=50_000, dport=443) / LONG,
        v4 / UDP(sport=50_000, dport=8_443) / LONG,
        v6 / UDP(sport=443, dport=50_000) / (b"\x41" + b"\x5a" * 1_199),
        Ether(src="02:00:00:00:00:01", dst="02:00:00:00:00:02") / outer / vxlan
        / (v4 / UDP(sport=50_000, dport=443) / (b"\x41" + b"\x5a" * 99)),
        v4 / UDP(sport=50_000, dport=8_443) / (b"\x41" + b"\x5a" * 99),
        v4 / UDP(sport=50_000, dport=443) / b"\x16\xfe\xfd\0\0 DTLS",
        v4 / UDP(sport=50_000, dport=443),
    ]  # fmt: skip
    return [(number * 1_000, bytes(frame)) for number, frame in enumerate(frames)]
