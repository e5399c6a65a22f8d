"""A wire of our own: two ends of a veth pair, the far one in a network namespace."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

CLIENT = """
import http.client, sys
host, port, first, count, size = sys.argv[1], *map(int, sys.argv[2:])
connection = http.client.HTTPConnection(host, port, timeout=30)
for number in range(first, first + count):
    connection.request("GET", f"/{number}/{size}")
    assert len(connection.getresponse().read()) == size
"""


class Handler(BaseHTTPRequestHandler):
    """/NUMBER/SIZE answers with so many bytes."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        size = int(self.path.rpartition("/")[2])
        self.send_response(200)
        self.send_header("Content-Length", str(size))
        self.end_headers()
        self.wfile.write(b"x" * size)

    def log_message(self, format: str, *args: object) -> None:
        """Nobody reads it."""


@dataclass(frozen=True, slots=True)
class Wire:
    """`interface` is our end, where a server listens on `address`:`port`."""

    interface: str
    namespace: str
    address: str
    port: int

    def ask(self, first: int, count: int, size: int = 100) -> None:
        """So many requests from the far end, one connection."""
        subprocess.run(
            ["ip", "netns", "exec", self.namespace, sys.executable, "-c", CLIENT,
             self.address, str(self.port), str(first), str(count), str(size)],
            check=True, timeout=60,
        )  # fmt: skip


def ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True, timeout=20)


@contextmanager
def wire(name: str, network: str = "10.231.77") -> Iterator[Wire]:
    """The pair, with a server on our end. Needs root."""
    near, far, namespace = f"{name}n", f"{name}f", f"st-{name}"
    ip("netns", "add", namespace)
    try:
        ip("link", "add", near, "type", "veth", "peer", "name", far, "netns", namespace)
        ip("address", "add", f"{network}.1/24", "dev", near)
        ip("link", "set", near, "up")
        ip("-n", namespace, "address", "add", f"{network}.2/24", "dev", far)
        ip("-n", namespace, "link", "set", far, "up")
        server = ThreadingHTTPServer((f"{network}.1", 0), Handler)
        server.daemon_threads = True
        Thread(target=server.serve_forever, daemon=True).start()
        yield Wire(near, namespace, f"{network}.1", server.server_address[1])
        server.shutdown()
        server.server_close()
    finally:
        subprocess.run(["ip", "link", "delete", near], check=False, capture_output=True)
        ip("netns", "delete", namespace)
