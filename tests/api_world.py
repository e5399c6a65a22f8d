"""A world of made APIs: what their traffic is, and what a perfect inventory would say of it.

In:     a seed, how many APIs, operations each and exchanges.
Out:    exchanges in the order of time; the truth about every operation.
Keeps:  nothing. It knows nothing of the product: the truth is what the traffic is made from.

Noise beside it: scanners that ask for what is not there, HEAD and OPTIONS, operations that only
ever refuse, single successes that nobody repeats, files that pages consist of.
"""

import json
import random
import string
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from schemas.types import Exchange
from tests.traffic import exchange

JSON = (b"Content-Type", b"application/json")
FORM = (b"Content-Type", b"application/x-www-form-urlencoded")
XML = (b"Content-Type", b"application/xml")
NOUNS = (
    "accounts", "albums", "basket", "branches", "campaigns", "categories", "clients", "comments",
    "contracts", "coupons", "deliveries", "devices", "documents", "events", "files", "groups",
    "invoices", "jobs", "labels", "ledgers", "messages", "metrics-daily", "orders", "parcels",
    "partners", "plans", "posts", "products", "public-specs", "quotes", "ratings", "regions",
    "reports", "rooms", "schedules", "sensors", "shops", "stocks", "suppliers", "tasks", "tickets",
    "tours", "trips", "vehicles", "vendors", "visits", "warehouses", "workers", "zones", "sha-256",
)  # fmt: skip
WORDS = ("blue", "green", "river", "stone", "cloud", "field", "north", "south", "amber", "delta")
DAY_S = 86_400


def _uuid(dice: random.Random) -> str:
    text = f"{dice.getrandbits(128):032x}"
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


def _card(dice: random.Random) -> str:
    digits = [4, *(dice.randrange(10) for _ in range(14))]
    doubled = [d * 2 - 9 * (d > 4) if i % 2 == 0 else d for i, d in enumerate(digits)]
    return "".join(map(str, [*digits, -sum(doubled) % 10]))


def _day(dice: random.Random) -> str:
    return f"20{dice.randrange(10, 27)}-{dice.randrange(1, 13):02}-{dice.randrange(1, 29):02}"


# By kind: how a value is made, its JSON Schema, the kind of sensitive data, names it goes by.
Make = Callable[[random.Random], Any]
VALUES: dict[str, tuple[Make, dict[str, str], str, tuple[str, ...]]] = {
    "integer": (lambda d: d.randrange(1, 90_000), {"type": "integer"}, "",
                ("quantity", "position", "version", "size", "views")),
    "number": (lambda d: d.randrange(1, 9_000) + 0.25, {"type": "number"}, "",
               ("price", "weight", "ratio", "height")),
    "boolean": (lambda d: d.random() < 0.5, {"type": "boolean"}, "", ("active", "visible", "paid")),
    "word": (lambda d: d.choice(WORDS), {"type": "string"}, "",
             ("title", "color", "status", "remark", "kind")),
    "date": (_day, {"type": "string", "format": "date"}, "", ("due", "since", "day")),
    "uuid": (_uuid, {"type": "string", "format": "uuid"}, "", ("reference", "batch", "link")),
    "email": (lambda d: f"{d.choice(WORDS)}{d.randrange(99)}@mail.example",
              {"type": "string", "format": "email"}, "email", ("contact", "owner", "replyTo")),
    "card": (_card, {"type": "string"}, "card", ("instrument", "funding")),
    "phone": (lambda d: f"+49 30 {d.randrange(10**6, 10**7)}", {"type": "string"}, "phone",
              ("phone", "hotline")),
    "password": (lambda d: "".join(d.choices(string.ascii_letters, k=12)), {"type": "string"},
                 "credential", ("password", "newPassword")),
}  # fmt: skip
PLAIN = ("integer", "number", "boolean", "word", "date", "uuid")
IDS: dict[str, tuple[str, Make]] = {
    "{id}": ("integer", lambda d: d.randrange(1, 99_999)),
    "{uuid}": ("string", _uuid),
    "{date}": ("string", _day),
    "{hash}": ("string", lambda d: f"a1{d.getrandbits(152):038x}"),
    "{slug}": (
        "string",
        lambda d: f"{d.choice(WORDS)}-{d.choice(WORDS)}-{d.randrange(1000, 9999)}",
    ),
    "{locale}": ("string", lambda d: d.choice(("de-DE", "en-GB", "fr-FR", "pt-BR"))),
}
AUTH: dict[str, Callable[[random.Random], tuple[bytes, bytes] | None]] = {
    "bearer": lambda d: (b"Authorization", f"Bearer {d.getrandbits(160):x}".encode()),
    "basic": lambda d: (b"Authorization", b"Basic dTpw"),
    "api_key": lambda d: (b"X-Api-Key", f"{d.getrandbits(128):x}".encode()),
    "cookie": lambda d: (b"Cookie", f"sessionid={d.getrandbits(128):x}".encode()),
    "none": lambda d: None,
}


@dataclass(frozen=True, slots=True)
class Field:
    """A parameter or property."""

    name: str
    kind: str
    required: bool


@dataclass(slots=True)
class Made:
    """An operation as it is: the truth."""

    host: str
    method: str
    template: str
    auth: str
    query: list[Field] = field(default_factory=list)
    sent: list[Field] = field(default_factory=list)
    got: list[Field] = field(default_factory=list)
    listed: bool = False
    media: str = "json"

    @property
    def key(self) -> tuple[str, str, str]:
        """Host, method, template."""
        return self.host, self.method, self.template

    def sensitive(self) -> set[str]:
        """Kinds of sensitive data in it."""
        every = (*self.query, *self.sent, *self.got)
        return {VALUES[f.kind][2] for f in every} - {""}


def fields(dice: random.Random, count: int, kinds: tuple[str, ...]) -> list[Field]:
    """Fields of different names."""
    made: dict[str, Field] = {}
    for _ in range(count):
        kind = dice.choice(kinds)
        name = dice.choice(VALUES[kind][3])
        made.setdefault(name, Field(name, kind, required=dice.random() < 0.6))
    return list(made.values())


def operations(seed: int, apis: int, each: int) -> list[Made]:
    """The truth: so many operations of each of so many APIs."""
    dice = random.Random(seed)
    found: dict[tuple[str, str, str], Made] = {}
    for api in range(apis):
        host, base = f"api{api}.example", dice.choice(("", "/v1", "/api/v2"))
        auth = dice.choice(list(AUTH))
        least = len(found) + each
        while len(found) < least:
            made = _operation(dice, host, base, auth)
            found.setdefault(made.key, made)
    return list(found.values())


def _operation(dice: random.Random, host: str, base: str, auth: str) -> Made:
    noun, inner = dice.choice(NOUNS), dice.choice(NOUNS)
    variable = random.Random(host + noun).choice(list(IDS))
    path = dice.choice(("", f"/{variable}", f"/{variable}/{inner}", "/me", "/search", "/v2"))
    method = dice.choice(("GET", "GET", "POST", "PUT", "DELETE", "PATCH"))
    rare = ("email", "card", "phone", "password") if dice.random() < 0.25 else ()
    made = Made(host, method, f"{base}/{noun}{path}", auth)
    made.got = fields(dice, dice.randrange(1, 7), (*PLAIN, *rare))
    made.listed = method == "GET" and not path
    if method == "GET":
        made.query = fields(dice, dice.randrange(4), PLAIN)
    elif method != "DELETE":
        made.media = dice.choice(("json", "json", "form", "xml"))
        made.sent = fields(dice, dice.randrange(1, 6), (*PLAIN, *rare))
    return made


def calls(seed: int, made: list[Made], count: int) -> Iterator[Exchange]:
    """Traffic of one day: every operation about as often, and noise between."""
    dice = random.Random(seed)
    for serial in range(count):
        at_s = serial * DAY_S / count
        if dice.random() < 0.12:
            yield _noise(dice, made, at_s, serial)
        else:
            yield _call(dice, made[serial % len(made)], at_s, serial)


def _call(dice: random.Random, made: Made, at_s: float, serial: int) -> Exchange:
    path = made.template
    for variable, (_, value) in IDS.items():
        path = path.replace(variable, str(value(dice)))
    query = "&".join(f"{n}={_text(v)}" for n, v in _values(dice, made.query).items())
    sent, kind = _body(made.media, _values(dice, made.sent)) if made.sent else (b"", None)
    failed = dice.random() < 0.08
    got: Any = {"error": "not now"} if failed else _values(dice, made.got)
    if made.listed and not failed:
        got = [_values(dice, made.got) for _ in range(dice.randrange(1, 6))]
    headers = [h for h in (AUTH[made.auth](dice), kind) if h]
    return exchange(
        f"{path}?{query}" if query else path, dice.choice((400, 404, 500)) if failed else 200,
        at_s=at_s, client=f"10.1.{dice.randrange(9)}.{dice.randrange(250)}", host=made.host,
        method=made.method, headers=headers, sent=sent, got=json.dumps(got).encode(),
        got_headers=[JSON], serial=serial,
    )  # fmt: skip


def _values(dice: random.Random, wanted: list[Field]) -> dict[str, Any]:
    return {
        f.name: VALUES[f.kind][0](dice) for f in wanted if f.required or dice.random() < 0.5
    }  # fmt: skip


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value).replace("+", "%2B")


def _body(media: str, values: dict[str, Any]) -> tuple[bytes, tuple[bytes, bytes]]:
    if media == "json":
        return json.dumps(values).encode(), JSON
    if media == "form":
        return "&".join(f"{n}={_text(v)}" for n, v in values.items()).encode() or b"x=1", FORM
    inner = "".join(f"<{n}>{_text(v).replace('%2B', '+')}</{n}>" for n, v in values.items())
    return f"<root><always>x</always>{inner}</root>".encode(), XML


def _noise(dice: random.Random, made: list[Made], at_s: float, serial: int) -> Exchange:
    host = dice.choice(made).host
    word = "".join(dice.choices(string.ascii_lowercase, k=7))
    target, method, status = dice.choice((
        (f"/{word}.php", "GET", 404), (f"/.{word}", "GET", 404), (f"/{word}/", "GET", 403),
        (dice.choice(made).template.replace("{", "").replace("}", ""), "OPTIONS", 204),
        ("/internal/queue", "GET", 401), ("/status/legacy", "GET", 503),
        (f"/static/{word}.js", "GET", 200), (f"/img/{word}.png", "GET", 200),
    ))  # fmt: skip
    return exchange(
        target, status, at_s=at_s, host=host, method=method, client="203.0.113.5", serial=serial
    )
