"""Linux cooked capture, as `tcpdump -i any` writes it; ARP in between is counted as not IP."""

from scapy.all import ARP, IP, TCP, CookedLinux, Raw, raw

LINK = 113


def packets() -> list[tuple[int, bytes]]:
    """(microseconds after the start, frame)."""
    cooked = CookedLinux(src=b"\2\0\0\0\0\1\0\0", lladdrlen=6)
    segment = (
        IP(src="10.0.0.1", dst="10.0.0.2", id=1)
        / TCP(sport=40000, dport=80, seq=1)
        / Raw(b"cooked")
    )
    return [
        (0, raw(cooked / segment)),
        (1, raw(cooked / ARP(hwsrc="02:00:00:00:00:01", psrc="10.0.0.1"))),
    ]
