"""HTTP that is not on TCP: SSDP in datagrams, requests inside SCTP. Named, not read."""

from scapy.layers.inet import IP, TCP, UDP
from scapy.layers.sctp import SCTP, SCTPChunkData

LINK = 101
ALIVE = b"NOTIFY * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nNTS: ssdp:alive\r\n\r\n"
SEARCH = b'M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nMAN: "ssdp:discover"\r\n\r\n'
ANSWER = b"HTTP/1.1 200 OK\r\nST: upnp:rootdevice\r\nCONTENT-LENGTH: 0\r\n\r\n"
REQUEST = b"GET / HTTP/1.1\r\nHost: shop.example\r\n\r\n"
DNS_QUERY = b"\xc0\x01\x01\0\0\x01"
GROUP = "239.255.255.250"


def packets() -> list[tuple[int, bytes]]:
    frames = [
        IP(src="10.0.0.1", dst=GROUP, id=1) / UDP(sport=50_000, dport=1_900) / SEARCH,
        IP(src="10.0.0.9", dst=GROUP, id=1) / UDP(sport=1_900, dport=1_900) / ALIVE,
        IP(src="10.0.0.9", dst="10.0.0.1", id=1) / UDP(sport=1_900, dport=50_000) / ANSWER,
        IP(src="10.0.0.1", dst="10.0.0.2", id=1) / SCTP(sport=40_000, dport=80)
        / SCTPChunkData(tsn=1, data=REQUEST),
        # On TCP it is read.
        IP(src="10.0.0.1", dst="10.0.0.2", id=1) / TCP(sport=40_000, dport=80) / REQUEST,
        # What only begins so is no HTTP, and DNS is none at all.
        IP(src="10.0.0.1", dst="10.0.0.2", id=1) / UDP(sport=40_000, dport=1_900) / b"NOTIFY me",
        IP(src="10.0.0.1", dst="10.0.0.2", id=1) / UDP(sport=40_000, dport=53) / DNS_QUERY,
    ]  # fmt: skip
    return [(number * 1_000, bytes(frame)) for number, frame in enumerate(frames)]
