"""Three IPv4 fragments, the last first, and one that comes twice with other bytes.

The bytes that came first stay; the second version is counted as overlap.
"""

from scapy.all import IP, TCP, Ether, Raw, raw

LINK = 1


def packets() -> list[tuple[int, bytes]]:
    """(microseconds after the start, frame)."""
    segment = raw(
        IP(src="10.0.0.1", dst="10.0.0.2", id=7)
        / TCP(sport=40000, dport=80, seq=1)
        / Raw(b"abcdefghijkl")
    )
    payload = segment[20:]

    def piece(start: int, data: bytes, more: bool) -> bytes:
        ip = IP(
            src="10.0.0.1",
            dst="10.0.0.2",
            id=7,
            proto=6,
            frag=start // 8,
            flags="MF" if more else 0,
        )
        return raw(Ether(src="02:00:00:00:00:01", dst="02:00:00:00:00:02") / ip / Raw(data))

    pieces = [
        piece(16, payload[16:], more=False),
        piece(8, payload[8:16], more=True),
        piece(8, b"EVIL" * 2, more=True),
        piece(0, payload[:8], more=True),
    ]
    return list(enumerate(pieces))
