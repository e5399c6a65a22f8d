"""A small shop's JSON API: what the demo's visitors visit. Served by a real HTTP server.

`Shop.answer` is the whole shop; `python -m services.cli.demo.shop ADDRESS PORT` serves it.
"""

import gzip
import http.client
import json
import re
import sys
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from services.cli.demo.http_words import Answer, Call

HOST = "shop.demo"
TOKEN = "demo-session-"  # noqa: S105 (sessions of an invented shop)
ORDERS_MAX = 500  # The demo may run for days; a shop that forgets old orders stays small.
BODY_BYTES_MAX = 65_536
GZIP_BYTES_MIN = 200  # Below, the gzip frame is longer than what it saves.
PRODUCTS = [
    {"id": n, "name": name, "price": price, "currency": "EUR", "in_stock": n % 4 != 0}
    for n, (name, price) in enumerate(
        [
            ("Bicycle bell", 12.5), ("Front light", 34.9), ("Rain jacket", 89.0),
            ("Repair kit", 9.95), ("Lock", 45.0), ("Helmet", 62.0), ("Bottle", 7.5),
            ("Saddle bag", 27.0), ("Pump", 19.9), ("Mudguard", 15.0), ("Gloves", 22.0),
            ("Child seat", 129.0),
        ],
        start=101,
    )
]  # fmt: skip
USERS = {
    "6f1d2c3a-8b54-4a0e-9c77-1e2b3c4d5e01": ("ada@customers.example", "Ada Brook"),
    "6f1d2c3a-8b54-4a0e-9c77-1e2b3c4d5e02": ("ben@customers.example", "Ben Okoye"),
    "6f1d2c3a-8b54-4a0e-9c77-1e2b3c4d5e03": ("chi@customers.example", "Chi Lund"),
    "6f1d2c3a-8b54-4a0e-9c77-1e2b3c4d5e04": ("dora@customers.example", "Dora Weiss"),
}
HOME = b"<!doctype html><title>Shop</title><script src=/assets/app.js></script><h1>Bicycles</h1>"
SCRIPT = b"fetch('/api/products').then(r => r.json()).then(console.log)\n"

Found = tuple[int, str, bytes]
NOT_FOUND = 404, {"error": "not found"}
UNAUTHORISED = 401, {"error": "log in first"}


class Shop:
    """The shop and its orders."""

    def __init__(self) -> None:
        self._orders: dict[int, dict[str, Any]] = {}
        self._next_order = 5001
        self._routes: list[tuple[str, str, Callable[..., tuple[int, Any]]]] = [
            ("GET", r"/health", self._health),
            ("GET", r"/api/products", self._products),
            ("GET", r"/api/products/(\d+)", self._product),
            ("GET", r"/api/search", self._search),
            ("POST", r"/api/login", self._login),
            ("GET", r"/api/users/([0-9a-f-]{36})", self._user),
            ("POST", r"/api/orders", self._order),
            ("GET", r"/api/orders/(\d+)", self._ordered),
            ("DELETE", r"/api/orders/(\d+)", self._cancelled),
        ]

    def answer(self, call: Call) -> Answer:
        """The response to one request."""
        path = urlsplit(call.target).path
        if path in {"/", "/assets/app.js"}:
            page = path == "/"
            kind = "text/html; charset=utf-8" if page else "text/javascript"
            return _packed(call, 200, kind, HOME if page else SCRIPT)
        status, value = self._routed(call, path)
        return _packed(call, status, "application/json", json.dumps(value).encode())

    def _routed(self, call: Call, path: str) -> tuple[int, Any]:
        for method, pattern, route in self._routes:
            if call.method == method and (found := re.fullmatch(pattern, path)):
                return route(call, *found.groups())
        return NOT_FOUND

    def _health(self, _call: Call) -> tuple[int, Any]:
        return 200, {"status": "ok"}

    def _products(self, call: Call) -> tuple[int, Any]:
        page = _query(call, "page", "1")
        first = (int(page) - 1) * 6 if page.isdigit() and len(page) < 4 else 0
        return 200, {"page": page, "products": PRODUCTS[max(first, 0) :][:6]}

    def _product(self, _call: Call, number: str) -> tuple[int, Any]:
        found = [product for product in PRODUCTS if str(product["id"]) == number]
        return (200, found[0]) if found else NOT_FOUND

    def _search(self, call: Call) -> tuple[int, Any]:
        wanted = _query(call, "q", "").lower()
        found = [product for product in PRODUCTS if wanted in str(product["name"]).lower()]
        return 200, {"query": wanted, "count": len(found), "products": found}

    def _login(self, call: Call) -> tuple[int, Any]:
        given = _json(call)
        for user_id, (email, name) in USERS.items():
            if given.get("email") == email and given.get("password") == "correct horse":
                return 200, {"token": TOKEN + user_id, "user": {"id": user_id, "name": name}}
        return 401, {"error": "wrong e-mail or password"}

    def _user(self, call: Call, user_id: str) -> tuple[int, Any]:
        if not _logged_in(call):
            return UNAUTHORISED
        if user_id not in USERS:
            return NOT_FOUND
        email, name = USERS[user_id]
        return 200, {"id": user_id, "email": email, "name": name, "city": "Bremen"}

    def _order(self, call: Call) -> tuple[int, Any]:
        items = _json(call).get("items")
        if not _logged_in(call):
            return UNAUTHORISED
        if not isinstance(items, list) or not items:
            return 422, {"error": "an order needs items"}
        number, self._next_order = self._next_order, self._next_order + 1
        self._orders[number] = {"id": number, "items": items, "state": "received"}
        if len(self._orders) > ORDERS_MAX:
            del self._orders[min(self._orders)]
        return 201, self._orders[number]

    def _ordered(self, call: Call, number: str) -> tuple[int, Any]:
        if not _logged_in(call):
            return UNAUTHORISED
        order = self._orders.get(int(number)) if len(number) < 10 else None
        return (200, order) if order else NOT_FOUND

    def _cancelled(self, call: Call, number: str) -> tuple[int, Any]:
        status, value = self._ordered(call, number)
        return (200, {**value, "state": "cancelled"}) if status == 200 else (status, value)


def _query(call: Call, name: str, otherwise: str) -> str:
    return parse_qs(urlsplit(call.target).query).get(name, [otherwise])[0]


def _json(call: Call) -> dict[str, Any]:
    try:
        value = json.loads(call.body)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _header(call: Call, name: str) -> str:
    return next((value for key, value in call.headers if key.lower() == name), "")


def _logged_in(call: Call) -> bool:
    return _header(call, "authorization").startswith(f"Bearer {TOKEN}")


def _packed(call: Call, status: int, content_type: str, body: bytes) -> Answer:
    headers = [("Server", "shop/1.4"), ("Content-Type", content_type)]
    if len(body) >= GZIP_BYTES_MIN and "gzip" in _header(call, "accept-encoding"):
        body = gzip.compress(body, mtime=0)
        headers.append(("Content-Encoding", "gzip"))
    headers.append(("Content-Length", str(len(body))))
    return Answer(status, tuple(headers), b"" if call.method == "HEAD" else body)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 30
    shop: Shop

    def _serve(self) -> None:
        length = self.headers.get("Content-Length", "0")
        if not length.isdigit() or int(length) > BODY_BYTES_MAX:
            self.close_connection = True
            self.send_error(413)
            return
        body = self.rfile.read(int(length))
        call = Call(
            self.client_address[0], self.command, self.path, tuple(self.headers.items()), body
        )
        answer = self.shop.answer(call)
        self.send_response_only(answer.status, http.client.responses[answer.status])
        for name, value in answer.headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer.body)

    def __getattr__(self, name: str) -> Any:
        """http.server asks for do_METHOD: whatever an attacker calls a method, the shop answers."""
        if name.startswith("do_"):
            return self._serve
        raise AttributeError(name)

    def log_message(self, *_said: object) -> None:
        """The mirror sees it all; a log would only fill the terminal."""


def serve(address: str, port: int) -> None:
    """Serve until the process is ended."""
    handler = type("Handler", (_Handler,), {"shop": Shop()})
    ThreadingHTTPServer.daemon_threads = True
    ThreadingHTTPServer((address, port), handler).serve_forever()


if __name__ == "__main__":
    serve(sys.argv[1], int(sys.argv[2]))
