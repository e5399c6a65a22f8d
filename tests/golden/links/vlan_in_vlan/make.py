"""802.1ad around 802.1Q: the inner tag is kept; both directions meet in one partition."""

from scapy.all import IP, TCP, Dot1AD, Dot1Q, Ether, Raw, raw

LINK = 1


def packets() -> list[tuple[int, bytes]]:
    """(microseconds after the start, frame)."""
    tags = (
        Ether(src="02:00:00:00:00:01", dst="02:00:00:00:00:02") / Dot1AD(vlan=100) / Dot1Q(vlan=200)
    )
    there = (
        IP(src="10.0.0.1", dst="10.0.0.2", id=1) / TCP(sport=40000, dport=80, seq=1) / Raw(b"there")
    )
    back = (
        IP(src="10.0.0.2", dst="10.0.0.1", id=1) / TCP(sport=80, dport=40000, seq=1) / Raw(b"back")
    )
    return [(0, raw(tags / there)), (1, raw(tags / back))]
