"""A packet and its ERSPAN copy: both are packed, in one partition, so that one can be dropped."""

from scapy.all import GRE, IP, TCP, Ether, Raw, raw

LINK = 1


def packets() -> list[tuple[int, bytes]]:
    """(microseconds after the start, frame)."""
    link = Ether(src="02:00:00:00:00:01", dst="02:00:00:00:00:02")
    segment = (
        link
        / IP(src="10.0.0.1", dst="10.0.0.2", id=1)
        / TCP(sport=40000, dport=80, seq=1)
        / Raw(b"twice")
    )
    gre = GRE(proto=0x88BE, seqnum_present=1, sequence_number=1)
    erspan = bytes.fromhex("1001000100000000")
    copy = link / IP(src="192.0.2.1", dst="192.0.2.2", id=2) / gre / Raw(erspan + raw(segment))
    return [(0, raw(segment)), (1, raw(copy))]
