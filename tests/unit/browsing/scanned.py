"""Real scanners against a real server, seen on the wire: packets as a mirror would give them.

In:     a tool's command line; how far apart in time its requests shall be, from how many addresses.
Out:    a capture file.

The server closes each connection, so one connection is one request. What a scan would take days
for is told by moving its connections apart in packet time; what fifty machines would do, by giving
each connection one of fifty addresses. Nothing inside the connections is changed.
"""

import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import IPv4Address
from pathlib import Path

ETH_P_ALL, PACKET_OUTGOING = 0x0003, 4
HEAD = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65_535, 1)
BEGIN_US = 1_763_888_400_000_000
ETHERNET_BYTES = 14
RECEIVE_BYTES = 64 << 20
TOOL_S_MAX = 120
PAGES = frozenset(
    f"/{name}"
    for name in (
        "", "about", "blog", "cart", "contact", "help", "login", "news", "search", "products",
        "products/1", "products/2", "robots.txt", "favicon.ico",
    )
)  # fmt: skip


class Site(BaseHTTPRequestHandler):
    """A small site: HTTP/1.0, so each connection ends with its answer."""

    def do_GET(self) -> None:
        """A page, or none."""
        there = self.path.partition("?")[0] in PAGES
        page = b"<h1>Here</h1>" if there else b"<h1>Nothing here</h1>"
        self.send_response(200 if there else 404)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(page)

    do_HEAD = do_GET  # noqa: N815 (the name that http.server wants)

    def log_message(self, format: str, *args: object) -> None:
        """Keep quiet."""


class Listening(ThreadingHTTPServer):
    """For tools that open many connections at once."""

    request_queue_size = 512


Frame = tuple[int, bytes]
"""Microseconds since the first one, and the bytes of an Ethernet frame."""


@contextmanager
def serving(site: type[BaseHTTPRequestHandler] = Site) -> Iterator[int]:
    """A site on a port of this machine."""
    server = Listening(("127.0.0.1", 0), site)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def may_tap() -> bool:
    """Whether this user may listen on the loopback."""
    if not sys.platform.startswith("linux"):
        return False
    try:
        socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0).close()
    except PermissionError:
        return False
    return True


def scan(command: Sequence[str], port: int) -> list[bytes]:
    """What the wire carries while a tool runs to its end: frames of this port, in order."""
    tap = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
    tap.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BYTES)
    tap.bind(("lo", ETH_P_ALL))
    tap.settimeout(0.5)
    frames: list[bytes] = []
    over = threading.Event()

    def listen() -> None:
        while True:
            try:
                frame, address = tap.recvfrom(65_535)
            except TimeoutError:
                if over.is_set():
                    return
                continue
            # On the loopback each packet is seen twice.
            if address[2] != PACKET_OUTGOING and port in _ports(frame):
                frames.append(frame)

    listener = threading.Thread(target=listen)
    listener.start()
    try:
        subprocess.run(command, check=True, capture_output=True, timeout=TOOL_S_MAX)
    finally:
        over.set()
        listener.join()
        tap.close()
    return frames


@dataclass(frozen=True, slots=True)
class Pace:
    """How far apart requests are, and of how many addresses."""

    every_s: float
    clients: int


def write(path: Path, frames: Sequence[bytes], port: int, pace: Pace) -> int:
    """The scan at this pace as a capture file; how many connections it has."""
    connections: dict[int, int] = {}
    placed: list[Frame] = []
    step_us = round(pace.every_s * 1_000_000)
    inside: dict[int, int] = {}
    for frame in frames:
        one = next((each for each in _ports(frame) if each != port), 0)
        number = connections.setdefault(one, len(connections))
        inside[one] = inside.get(one, 0) + 1
        # Packets of one connection follow each other by 50 µs.
        placed.append(
            (number * step_us + inside[one] * 50, _of(frame, port, number % pace.clients))
        )
    placed.sort(key=lambda each: each[0])
    with path.open("wb") as file:
        file.write(HEAD)
        for at_us, frame in placed:
            seconds, micros = divmod(BEGIN_US + at_us, 1_000_000)
            file.write(struct.pack("<IIII", seconds, micros, len(frame), len(frame)) + frame)
    return len(connections)


def client(number: int) -> str:
    """The address of a client: networks apart."""
    return str(IPv4Address(f"203.{number + 10}.113.9"))


def _of(frame: bytes, port: int, number: int) -> bytes:
    """The frame with the client's address in it; checksums of a loopback are never right."""
    at = ETHERNET_BYTES + (12 if _ports(frame)[1] == port else 16)
    return frame[:at] + socket.inet_aton(client(number)) + frame[at + 4 :]


def _ports(frame: bytes) -> tuple[int, int]:
    """Source and destination; zeros: no TCP over IPv4."""
    if frame[12:14] != b"\x08\x00" or frame[ETHERNET_BYTES + 9] != socket.IPPROTO_TCP:
        return (0, 0)
    at = ETHERNET_BYTES + (frame[ETHERNET_BYTES] & 15) * 4
    source, destination = struct.unpack_from(">HH", frame, at)
    return source, destination
