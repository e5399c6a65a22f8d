"""HTTP on the wire, as tests need it: TCP conversations as frames, frames as a capture file."""

import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path

START_US = 1_763_888_400_000_000
SYN, ACK, FIN = 0x02, 0x10, 0x01
SEGMENT_BYTES = 1_400
ETHERNET_BYTES = 14


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame and when it was captured. `from_client` tells its direction."""

    at_us: int
    data: bytes
    from_client: bool


@dataclass(slots=True)
class Conversation:
    """One TCP connection, a millisecond between segments; frames gather in `frames`."""

    client: str = "198.51.100.7"
    server: str = "10.0.0.80"
    client_port: int = 40_000
    server_port: int = 80
    at_us: int = START_US
    frames: list[Frame] = field(default_factory=list)
    _next: list[int] = field(default_factory=lambda: [1_000, 5_000])

    def open(self) -> "Conversation":
        """The handshake."""
        self._segment(0, SYN, b"", ack=False)
        self._next[0] += 1
        self._segment(1, SYN | ACK, b"")
        self._next[1] += 1
        self._segment(0, ACK, b"")
        return self

    def exchange(self, request: bytes, response: bytes) -> "Conversation":
        """A request, then its response, both acknowledged."""
        self.send(request, from_client=True)
        self.send(response, from_client=False)
        return self

    def send(self, data: bytes, *, from_client: bool) -> "Conversation":
        """Bytes of one side, in segments, acknowledged by the other side."""
        side = 0 if from_client else 1
        for start in range(0, len(data), SEGMENT_BYTES):
            part = data[start : start + SEGMENT_BYTES]
            self._segment(side, ACK, part)
            self._next[side] += len(part)
        self._segment(1 - side, ACK, b"")
        return self

    def close(self) -> "Conversation":
        """Both sides end."""
        for side in (0, 1):
            self._segment(side, FIN | ACK, b"")
            self._next[side] += 1
        self._segment(0, ACK, b"")
        return self

    def _segment(self, side: int, flags: int, data: bytes, *, ack: bool = True) -> None:
        ends = [(self.client, self.client_port), (self.server, self.server_port)]
        numbers = (self._next[side], self._next[1 - side] if ack else 0)
        frame = _frame(ends[side], ends[1 - side], numbers, flags, data)
        self.frames.append(Frame(self.at_us, frame, side == 0))
        self.at_us += 1_000


def shop(
    connections: int,
    exchanges: int,
    *,
    body_bytes: int = 300,
    clients: int = 7,
    start_us: int = START_US,
    gap_us: int = 3_000,
) -> list[Frame]:
    """Interleaved connections of several clients; each exchange differs from every other."""
    frames: list[Frame] = []
    for number in range(connections):
        talk = Conversation(
            client=f"198.51.100.{number % clients + 1}",
            client_port=30_000 + number,
            at_us=start_us + number * gap_us,
        ).open()
        for turn in range(exchanges):
            body = (b"%d.%d " % (number, turn)) * (body_bytes // 4)
            talk.exchange(
                b"GET /item/%d?turn=%d HTTP/1.1\r\nHost: shop.test\r\n\r\n" % (number, turn),
                b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body),
            )
        frames += talk.close().frames
    return sorted(frames, key=lambda frame: frame.at_us)


def write_pcap(path: Path, frames: Iterable[Frame], link_type: int = 1) -> Path:
    """A classic pcap file, microseconds; Ethernet (1), or from the IP header on (101)."""
    number = 1 if link_type == 1 else 101
    out = [struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262_144, number)]
    for frame in frames:
        data = frame.data[0 if number == 1 else ETHERNET_BYTES :]
        seconds, micros = divmod(frame.at_us, 1_000_000)
        out.append(struct.pack("<IIII", seconds, micros, len(data), len(data)))
        out.append(data)
    path.write_bytes(b"".join(out))
    return path


def _frame(
    source: tuple[str, int],
    target: tuple[str, int],
    numbers: Sequence[int],
    flags: int,
    data: bytes,
) -> bytes:
    addresses = ip_address(source[0]).packed, ip_address(target[0]).packed
    head = struct.pack(
        ">HHIIBBHHH", source[1], target[1], numbers[0], numbers[1], 5 << 4, flags, 65_535, 0, 0
    )
    pseudo = b"".join(addresses) + struct.pack(">BBH", 0, 6, len(head) + len(data))
    head = head[:16] + struct.pack(">H", _checksum(pseudo + head + data)) + head[18:]
    ethernet = b"\x02\0\0\0\0\x01\x02\0\0\0\0\x02"
    if len(addresses[0]) == 16:
        ip = struct.pack(">IHBB", 6 << 28, len(head) + len(data), 6, 64) + b"".join(addresses)
        return ethernet + b"\x86\xdd" + ip + head + data
    total = 20 + len(head) + len(data)
    ip = struct.pack(">BBHHHBBH", 0x45, 0, total, 0, 0x4000, 64, 6, 0) + b"".join(addresses)
    ip = ip[:10] + struct.pack(">H", _checksum(ip)) + ip[12:]
    return ethernet + b"\x08\x00" + ip + head + data


def _checksum(data: bytes) -> int:
    """RFC 1071."""
    padded = data + b"\0" * (len(data) % 2)
    total: int = sum(struct.unpack(f">{len(padded) // 2}H", padded))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF
