"""Traffic made for measuring: browsers and API clients on keep-alive connections.

In:     how many exchanges, a seed; or requests of one's own.
Out:    a pcap file, or frames; the same arguments give the same bytes.
Keeps:  nothing.
"""

import gzip
import json
import random
import struct
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from ipaddress import IPv4Address
from itertools import cycle
from pathlib import Path
from urllib.parse import quote

SEGMENT_BYTES = 1448  # Ethernet's 1,500 less IPv4, TCP and its timestamps.
EXCHANGES_A_CONNECTION = 8
CONNECTIONS_AT_ONCE = 64
PACKET_US = 20
BEGIN_US = 1_700_000_000_000_000
GLOBAL_HEADER = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65_535, 1)
ETHERNET = bytes.fromhex("020000000001020000000002") + b"\x08\x00"
SYN, FIN, PSH, ACK = 0x02, 0x01, 0x08, 0x10
WORDS = ("order", "invoice", "lamp", "chair", "table", "blue", "green", "small", "large", "river")
AGENTS = (
    "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/126.0 Safari/537.36",
    "okhttp/4.12.0",
)
# One request in a hundred attacks, as on a site that is being scanned.
ATTACKS = (
    "1' OR '1'='1",
    "<script>alert(1)</script>",
    "../../../../etc/passwd",
    "x;cat /etc/hosts",
)
ATTACK_SHARE = 0.01
# How a connection may stand for long: `left_open`.
OPEN = ("half open", "idle", "half a request head")


Frames = Iterator[tuple[bytes, bytes]]
"""Ethernet frames, each with the request whose exchange it ends, or nothing."""


def write(path: Path, exchanges: int, seed: int = 1) -> int:
    """The capture; how many packets it has."""
    chance = random.Random(seed)  # noqa: S311 (traffic, not secrets)
    ask = partial(request, chance, attack_share=ATTACK_SHARE)
    return _written(path, frames(exchanges, chance, ask))


def write_requests(path: Path, requests: Sequence[bytes], seed: int = 1) -> int:
    """The capture of these requests, each answered; how many packets it has.

    The last connection is filled with the first requests again.
    """
    chance = random.Random(seed)  # noqa: S311 (traffic, not secrets)
    connections = -(-len(requests) // EXCHANGES_A_CONNECTION)
    again = cycle(requests)
    exchanges = connections * EXCHANGES_A_CONNECTION
    return _written(path, frames(exchanges, chance, lambda _: next(again)))


def _written(path: Path, packets: "Frames") -> int:
    at_us, count = BEGIN_US, 0
    with path.open("wb") as file:
        file.write(GLOBAL_HEADER)
        for frame, _ in packets:
            file.write(record(frame, at_us))
            at_us += PACKET_US
            count += 1
    return count


def record(frame: bytes, at_us: int) -> bytes:
    """A packet of a pcap file."""
    seconds, micros = divmod(at_us, 1_000_000)
    return struct.pack("<IIII", seconds, micros, len(frame), len(frame)) + frame


def frames(exchanges: int, chance: random.Random, ask: Callable[[int], bytes]) -> Frames:
    """Whole connections, a few at once; `ask` gives the next request for a host."""
    connections = exchanges // EXCHANGES_A_CONNECTION
    waiting = [_connection(number, chance, ask) for number in range(connections)]
    waiting.reverse()
    running = [waiting.pop() for _ in range(min(CONNECTIONS_AT_ONCE, len(waiting)))]
    while running:
        place = chance.randrange(len(running))
        frame = next(running[place], None)
        if frame is None:
            running[place : place + 1] = [waiting.pop()] if waiting else []
        else:
            yield frame


def left_open(number: int, chance: random.Random, state: str) -> Iterator[bytes]:
    """Every frame of a connection that stands in one of the states of OPEN."""
    up, down = _directions(number)
    yield up.frame(SYN, 0)
    if state == "half open":
        return
    yield down.frame(SYN | ACK, up.sequence)
    yield up.frame(ACK, down.sequence)
    asked = request(chance, number % 20, 0)
    if state != "idle":
        asked = asked[: asked.index(b"\r\nCookie")]
    yield up.frame(PSH | ACK, down.sequence, asked)
    if state == "idle":
        yield from (frame for frame, _ in _answer(up, down, _response(chance), asked))
        yield up.frame(ACK, down.sequence)


def _directions(number: int) -> tuple["_Direction", "_Direction"]:
    # So many ports of each of so many addresses, then those of other addresses.
    again, port = divmod(number, 40_000)
    client = int(IPv4Address("10.8.0.1")) + number % 4_000 + again * 4_000
    server = int(IPv4Address("192.0.2.1")) + number % 20
    up = _Direction(client, server, 20_000 + port, 80, (1_000 + number * 7_919) % 2**32)
    return up, _Direction(server, client, 80, 20_000 + port, (5_000 + number * 104_729) % 2**32)


def _connection(number: int, chance: random.Random, ask: Callable[[int], bytes]) -> Frames:
    """Every frame of one connection."""
    up, down = _directions(number)
    yield up.frame(SYN, 0), b""
    yield down.frame(SYN | ACK, up.sequence), b""
    yield up.frame(ACK, down.sequence), b""
    for _ in range(EXCHANGES_A_CONNECTION):
        asked = ask(number % 20)
        for part in _parts(asked):
            yield up.frame(PSH | ACK, down.sequence, part), b""
        yield from _answer(up, down, _response(chance), asked)
    yield up.frame(FIN | ACK, down.sequence), b""
    yield down.frame(FIN | ACK, up.sequence), b""
    yield up.frame(ACK, down.sequence), b""


def _answer(up: "_Direction", down: "_Direction", message: bytes, asked: bytes) -> Frames:
    parts = list(_parts(message))
    for count, part in enumerate(parts):
        ends = asked if count == len(parts) - 1 else b""
        yield down.frame(PSH | ACK, up.sequence, part), ends
        if count % 2:
            yield up.frame(ACK, down.sequence), b""


class _Direction:
    """One side of a connection."""

    def __init__(self, source: int, destination: int, port: int, to: int, sequence: int) -> None:
        self._ends = struct.pack(">II", source, destination)
        self._ports = struct.pack(">HH", port, to)
        self.sequence = sequence

    def frame(self, flags: int, acknowledged: int, data: bytes = b"") -> bytes:
        """The next frame."""
        head = struct.pack(">BBHHHBBH", 0x45, 0, 40 + len(data), 0, 0x4000, 64, 6, 0) + self._ends
        head = head[:10] + struct.pack(">H", _checksum(head)) + head[12:]
        numbers = struct.pack(">IIBBHHH", self.sequence, acknowledged, 0x50, flags, 65_535, 0, 0)
        self.sequence += len(data) + bool(flags & (SYN | FIN))
        return ETHERNET + head + self._ports + numbers + data


def _checksum(head: bytes) -> int:
    """RFC 1071."""
    total: int = sum(struct.unpack(">10H", head))
    total = (total & 0xFFFF) + (total >> 16)
    return ((total + (total >> 16)) & 0xFFFF) ^ 0xFFFF


def _parts(message: bytes) -> Iterator[bytes]:
    return (message[at : at + SEGMENT_BYTES] for at in range(0, len(message), SEGMENT_BYTES))


def request(chance: random.Random, host: int, attack_share: float) -> bytes:
    """A page or an order, in so many of one an attack."""
    value = chance.choice(ATTACKS) if chance.random() < attack_share else chance.choice(WORDS)
    item = chance.randrange(10_000)
    posts = chance.random() < 0.25
    target = f"/api/v1/items/{item}" if posts else f"/shop/{item}?q={quote(value)}&page=2&sort=name"
    body = json.dumps({"name": value, "count": item, "tags": WORDS[:4]}).encode() if posts else b""
    lines = [
        f"{'POST' if posts else 'GET'} {target} HTTP/1.1",
        f"Host: shop-{host}.example",
        f"User-Agent: {chance.choice(AGENTS)}",
        "Accept: application/json, text/html;q=0.9, */*;q=0.8",
        "Accept-Language: en-GB,en;q=0.7,de;q=0.3",
        "Accept-Encoding: gzip, deflate, br",
        f"Referer: https://shop-{host}.example/shop/{chance.randrange(100)}",
        f"Cookie: session={chance.randbytes(16).hex()}; theme=dark; seen={item}",
        "Connection: keep-alive",
    ]
    if posts:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode() + body


def _response(chance: random.Random) -> bytes:
    rows = [
        {"id": chance.randrange(10**6), "name": chance.choice(WORDS), "price": chance.random()}
        for _ in range(chance.choice((1, 5, 20, 80)))
    ]
    body = json.dumps({"items": rows}).encode()
    lines = ["HTTP/1.1 200 OK", "Server: nginx", "Content-Type: application/json"]
    if chance.random() < 0.5:
        body = gzip.compress(body, compresslevel=6, mtime=0)
        lines.append("Content-Encoding: gzip")
    lines += [f"Content-Length: {len(body)}", "Cache-Control: no-store", "X-Frame-Options: DENY"]
    return "\r\n".join([*lines, "", ""]).encode() + body
