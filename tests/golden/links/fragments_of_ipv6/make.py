"""A TCP segment in two IPv6 fragments behind a hop-by-hop header, the second first."""

from scapy.all import TCP, IPv6, IPv6ExtHdrFragment, IPv6ExtHdrHopByHop, PadN, Raw, raw

LINK = 101


def packets() -> list[tuple[int, bytes]]:
    """(microseconds after the start, frame)."""
    whole = (
        IPv6(src="2001:db8::1", dst="2001:db8::2")
        / TCP(sport=40000, dport=80, seq=1)
        / Raw(b"x" * 12)
    )
    payload = raw(whole)[40:]

    def piece(start: int, data: bytes, more: int) -> bytes:
        outer = IPv6(src="2001:db8::1", dst="2001:db8::2") / IPv6ExtHdrHopByHop(
            options=[PadN(optdata=b"\0" * 4)]
        )
        return raw(outer / IPv6ExtHdrFragment(nh=6, offset=start // 8, m=more, id=9) / Raw(data))

    return list(enumerate([piece(16, payload[16:], 0), piece(0, payload[:16], 1)]))
