"""/live, /ready and /metrics over HTTP, on loopback unless the settings say otherwise."""

import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from services.runtime.metrics import Metrics

# The loop turns every 50 ms, and once a chunk while it restores; a minute without a turn is hung.
BEAT_S_MAX = 60


class Health:
    """What the worker says of itself, and the server that repeats it."""

    def __init__(self, metrics: Metrics, clock: Callable[[], float] = time.monotonic) -> None:
        self.metrics = metrics
        self.waiting_for = "its first partitions"
        """Why the worker is not ready; empty: it is."""
        self._clock = clock
        self._beat_s = clock()

    def beat(self) -> None:
        """The worker's loop turned once more."""
        self._beat_s = self._clock()

    def answer(self, path: str) -> tuple[int, str, bytes]:
        """Status, content type and body."""
        if path == "/metrics":
            return 200, "text/plain; version=0.0.4; charset=utf-8", self.metrics.text()
        if path == "/live":
            silent_s = self._clock() - self._beat_s
            if silent_s > BEAT_S_MAX:
                return 503, "text/plain", f"no turn for {silent_s:.0f} s\n".encode()
            return 200, "text/plain", b"live\n"
        if path == "/ready":
            if self.waiting_for:
                return 503, "text/plain", f"waiting for {self.waiting_for}\n".encode()
            return 200, "text/plain", b"ready\n"
        return 404, "text/plain", b"/live, /ready, /metrics\n"


def serve(health: Health, host: str, port: int) -> ThreadingHTTPServer:
    """Answer in a thread that ends with the process; port 0 chooses a free one."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, kind, body = health.answer(self.path)
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Probes every few seconds are no news."""

    server = ThreadingHTTPServer((host, port), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, name="health", daemon=True).start()
    return server
