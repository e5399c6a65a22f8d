"""A VXLAN tunnel whose outer datagram is fragmented, as happens where nobody raised the MTU."""

from scapy.all import IP, TCP, UDP, VXLAN, Ether, Raw, raw

LINK = 1


def packets() -> list[tuple[int, bytes]]:
    """(microseconds after the start, frame)."""
    inner = Ether(src="02:00:00:00:00:03", dst="02:00:00:00:00:04")
    inner /= (
        IP(src="10.0.0.1", dst="10.0.0.2", id=1)
        / TCP(sport=40000, dport=80, seq=1)
        / Raw(b"tunnelled" * 5)
    )
    outer = raw(UDP(sport=50000, dport=4789, chksum=0) / VXLAN(flags=8, vni=12345) / inner)
    link = Ether(src="02:00:00:00:00:01", dst="02:00:00:00:00:02")

    def piece(start: int, data: bytes, more: bool) -> bytes:
        ip = IP(
            src="192.0.2.1",
            dst="192.0.2.2",
            id=7,
            proto=17,
            frag=start // 8,
            flags="MF" if more else 0,
        )
        return raw(link / ip / Raw(data))

    return [(0, piece(64, outer[64:], more=False)), (1, piece(0, outer[:64], more=True))]
