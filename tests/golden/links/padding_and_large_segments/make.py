"""Ethernet padding stays in the frame but not in IP's length; a length of 0 means all of it."""

from scapy.all import IP, TCP, Ether, Raw, raw

LINK = 1


def packets() -> list[tuple[int, bytes]]:
    """(microseconds after the start, frame)."""
    link = Ether(src="02:00:00:00:00:01", dst="02:00:00:00:00:02")
    padded = (
        raw(link / IP(src="10.0.0.1", dst="10.0.0.2", id=1) / TCP(sport=40000, dport=80, seq=1))
        + b"\0" * 6
    )
    large = (
        link
        / IP(src="10.0.0.1", dst="10.0.0.2", id=2, len=0)
        / TCP(sport=40000, dport=80, seq=1)
        / Raw(b"large")
    )
    return [(0, padded), (1, raw(large))]
