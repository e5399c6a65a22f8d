"""One fragment whose others never come: given up after 30 seconds, and counted."""

from scapy.all import IP, TCP, Raw, raw

LINK = 101


def packets() -> list[tuple[int, bytes]]:
    """(microseconds after the start, frame)."""
    alone = raw(IP(src="10.0.0.1", dst="10.0.0.2", id=7, proto=6, flags="MF") / Raw(b"x" * 16))
    later = raw(IP(src="10.0.0.1", dst="10.0.0.2", id=8) / TCP(sport=40000, dport=80, seq=1))
    return [(0, alone), (31_000_000, later)]
