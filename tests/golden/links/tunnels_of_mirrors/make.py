"""The same segment in what mirrors of clouds, switches and access networks put around it.

The frames at the end are signals of such tunnels, without a packet inside.
"""

from scapy.all import GRE, IP, PPP, TCP, UDP, VXLAN, Dot1Q, Ether, IPv6, PPPoE, PPPoED, Raw, raw
from scapy.contrib.erspan import ERSPAN_II, ERSPAN_III
from scapy.contrib.geneve import GENEVE
from scapy.contrib.gtp import GTP_U_Header, GTPPDUSessionContainer

LINK = 1
LINK_HEAD = Ether(src="02:00:00:00:00:01", dst="02:00:00:00:00:02")
OUTER = IP(src="192.0.2.1", dst="192.0.2.2", id=7)
OUTER6 = IPv6(src="2001:db8::1", dst="2001:db8::2")
SEGMENT = TCP(sport=40000, dport=80, seq=1) / Raw(b"mirrored")
INNER = IP(src="10.0.0.1", dst="10.0.0.2", id=1) / SEGMENT
INNER6 = IPv6(src="2001:0:c000:201::1", dst="2001:db8::80") / SEGMENT
FRAME = Ether(src="02:00:00:00:00:03", dst="02:00:00:00:00:04") / INNER
TAGGED = Ether(src="02:00:00:00:00:03", dst="02:00:00:00:00:04") / Dot1Q(vlan=42) / INNER


def udp(port: int, *, source: int = 50_000) -> UDP:
    return UDP(sport=source, dport=port, chksum=0)


# AWS Traffic Mirroring: VXLAN on its own port. Gateway Load Balancer: GENEVE with three options,
# endpoint, attachment and flow cookie, around plain IP.
AWS_MIRROR = OUTER / udp(4789, source=65_432) / VXLAN(flags=8, vni=0xABCDEF) / FRAME
AWS_OPTIONS = b"".join(
    b"\x01\x08" + bytes([kind, size // 4]) + bytes([kind]) * size
    for kind, size in ((1, 8), (2, 8), (3, 4))
)
AWS_GATEWAY = OUTER / udp(6081) / GENEVE(proto=0x0800, vni=0, options=AWS_OPTIONS) / INNER
# GCP: GENEVE with the profile's id in an option, around a frame.
GCP_OPTION = b"\x01\x63\x01\x01\0\0\0\x07"
GCP_MIRROR = OUTER / udp(6081) / GENEVE(proto=0x6558, vni=77, options=GCP_OPTION) / FRAME
NESTED = OUTER / udp(6081) / GENEVE(proto=0x0800, vni=5) / AWS_MIRROR
NVGRE = OUTER / GRE(key_present=1, proto=0x6558, key=(6001 << 8) | 9) / TAGGED
ERSPAN_1 = OUTER / GRE(proto=0x88BE) / FRAME
ERSPAN_2 = OUTER / GRE(seqnum_present=1, proto=0x88BE, sequence_number=1) / ERSPAN_II() / FRAME
ERSPAN_3 = OUTER6 / GRE(seqnum_present=1, proto=0x22EB, sequence_number=1) / ERSPAN_III() / FRAME
GTP_U = OUTER / udp(2152) / GTP_U_Header(teid=9, E=1, next_ex=0x85)
GTP_U /= GTPPDUSessionContainer(type=0, QFI=9) / INNER
SIX_IN_FOUR = OUTER / INNER6
TEREDO_ORIGIN = b"\0\0\x63\xbf\x3f\xff\xfd\xfe"
TEREDO = OUTER / udp(3544) / Raw(b"\0\1\0\0" + bytes(9) + TEREDO_ORIGIN + raw(INNER6))
AYIYA = OUTER / udp(5072) / Raw(b"\x41\x52\x11\x29" + bytes(4 + 16 + 20) + raw(INNER6))
PPPOE = PPPoE(sessionid=17) / PPP(proto=0x0021) / INNER
L2TP_DATA = b"\x40\x02\0\x40\0\1\0\2"  # with its length; tunnel 1, session 2
L2TP = OUTER / udp(1701) / Raw(L2TP_DATA + b"\xff\x03\0\x21" + raw(INNER))
PPPOE_DISCOVERY = PPPoED(code=9) / Raw(b"\x01\x01\0\0")
GTP_ECHO = OUTER / udp(2152) / Raw(b"\x32\x01\0\4\0\0\0\0\0\1\0\0")


def packets() -> list[tuple[int, bytes]]:
    """(microseconds after the start, frame)."""
    forms = [
        AWS_MIRROR, AWS_GATEWAY, GCP_MIRROR, NESTED, NVGRE, ERSPAN_1, ERSPAN_2, ERSPAN_3, GTP_U,
        SIX_IN_FOUR, TEREDO, AYIYA, PPPOE, L2TP, PPPOE_DISCOVERY, GTP_ECHO,
    ]  # fmt: skip
    return [(at_us, raw(LINK_HEAD / form)) for at_us, form in enumerate(forms)]
