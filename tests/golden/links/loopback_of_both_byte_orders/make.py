"""BSD loopback: the family is a number of the machine that captured, of either byte order."""

from scapy.all import IP, TCP, IPv6, Raw, raw

LINK = 0


def packets() -> list[tuple[int, bytes]]:
    """(microseconds after the start, frame)."""
    four = raw(
        IP(src="127.0.0.1", dst="127.0.0.1", id=1)
        / TCP(sport=40000, dport=80, seq=1)
        / Raw(b"four")
    )
    six = raw(IPv6(src="::1", dst="::1") / TCP(sport=40000, dport=80, seq=1) / Raw(b"six"))
    return [(0, b"\2\0\0\0" + four), (1, b"\0\0\0\2" + four), (2, b"\x1e\0\0\0" + six)]
