"""REST APIs of the made world: resources with what belongs to them.

Each resource has a collection and things in it, things of things, and the cases that inventories
get wrong: names beside variables, variables behind variables, files, words that look like values.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tests.apis.operation import Field, Made
from tests.apis.values import KINDS, PLAIN, SENSITIVE, Dice

NOUNS = (
    "accounts", "albums", "basket", "branches", "campaigns", "categories", "clients", "comments",
    "contracts", "coupons", "deliveries", "devices", "documents", "events", "folders", "groups",
    "invoices", "jobs", "labels", "ledgers", "messages", "metrics-daily", "orders", "parcels",
    "partners", "plans", "posts", "products", "public-specs", "quotes", "ratings", "regions",
    "reports", "rooms", "schedules", "sensors", "shops", "stocks", "suppliers", "tasks", "tickets",
    "tours", "trips", "vehicles", "vendors", "visits", "warehouses", "workers", "zones", "sha-256",
    "oauth2", "base64", "s3-buckets", "error-404", "k8s",
)  # fmt: skip
PREFIXES = ("", "", "main", "other", "final", "base")
# Shares of fields that are nested, of several types, or may be null.
NESTED, EITHER, NULLABLE, REQUIRED, SENSITIVE_SHARE = 0.15, 0.05, 0.1, 0.6, 0.12


@dataclass(frozen=True, slots=True)
class Api:
    """What the resources of one API have in common."""

    host: str
    base: str
    auth: str
    variables: tuple[str, ...]
    media: tuple[str, ...] = ("json",)
    files: bool = False


def fields(dice: Dice, count: int, *, flat: bool = False, plain: bool = False) -> tuple[Field, ...]:
    """Fields of different names; `flat`: nothing nested, as in queries and forms."""
    made: dict[str, Field] = {}
    while len(made) < count:
        one = _field(dice, flat, plain)
        made.setdefault(one.name, one)
    return tuple(made.values())


def _field(dice: Dice, flat: bool, plain: bool) -> Field:
    required, chance = dice.random() < REQUIRED, dice.random()
    if not flat and chance < NESTED:
        return _nested(dice, required)
    if not flat and chance < NESTED + EITHER:
        return Field(dice.choice(("code", "amountOrText")), "either", required)
    kinds = SENSITIVE if not plain and dice.random() < SENSITIVE_SHARE else PLAIN
    kind = dice.choice(kinds)
    nullable = not flat and dice.random() < NULLABLE
    return Field(_name(dice, kind), kind, required, nullable)


def _name(dice: Dice, kind: str) -> str:
    prefix, name = dice.choice(PREFIXES), dice.choice(KINDS[kind].names)
    return prefix + name[0].upper() + name[1:] if prefix else name


def _nested(dice: Dice, required: bool) -> Field:
    kind = dice.choice(("object", "list", "list", "map"))
    name = dice.choice(NOUNS[:20]) + {"object": "Info", "list": "List", "map": "ById"}[kind]
    below = fields(dice, dice.randrange(1, 4), flat=True)
    if kind == "list":
        scalar = dice.random() < 0.4
        inner = Field("", dice.choice(PLAIN)) if scalar else Field("", "object", below=below)
        return Field(name, kind, required, below=(inner,))
    return Field(name, kind, required, below=below)


def api(dice: Dice, of: Api, count: int) -> list[Made]:
    """So many operations of one API."""
    found: dict[tuple[str, str, str, str], Made] = {}
    nouns = iter(dice.sample(NOUNS, len(NOUNS)))
    while len(found) < count:
        for made in _resource(dice, of, next(nouns)):
            found.setdefault(made.key, made)
    return list(found.values())[:count]


def _resource(dice: Dice, of: Api, noun: str) -> Iterator[Made]:
    variable, second = dice.choice(of.variables), dice.choice(of.variables)
    whole = f"{of.base}/{noun}"
    one, inner = f"{whole}/{{{variable}}}", dice.choice(NOUNS)
    thing = fields(dice, dice.randrange(3, 8))
    yield _read(dice, of, whole, thing, listed=True)
    yield _write(dice, of, "POST", whole, thing)
    yield _read(dice, of, one, thing)
    yield _write(dice, of, dice.choice(("PUT", "PATCH")), one, thing)
    yield Made(host=of.host, method="DELETE", template=one, auth=of.auth)
    part = fields(dice, dice.randrange(2, 6))
    yield _read(dice, of, f"{one}/{inner}", part, listed=True)
    yield _write(dice, of, "POST", f"{one}/{inner}", part)
    yield _read(dice, of, f"{one}/{inner}/{{{second}}}", part)
    word = dice.choice(("search", "me", "v2", "latest", "archived", "by-region"))
    yield _read(dice, of, f"{whole}/{word}", fields(dice, dice.randrange(2, 5)))
    yield _read(dice, of, f"{one}/{dice.choice(('history', 'status', 'preview'))}",
                fields(dice, dice.randrange(2, 5)))  # fmt: skip
    if of.files:
        yield from _files(dice, of, whole, one)


def _files(dice: Dice, of: Api, whole: str, one: str) -> Iterator[Made]:
    """Extensions, variables behind variables, names under variables."""
    yield _read(dice, of, f"{one}.json", fields(dice, 3))
    yield _read(dice, of, f"{whole}/export.csv", ())
    yield _read(dice, of, f"{whole}/{{date}}/{{id}}", fields(dice, 4))
    yield _read(dice, of, f"{one}/files/latest", fields(dice, 3))
    yield _read(dice, of, f"{one}/files/{{hash}}", fields(dice, 3))


def _read(
    dice: Dice, of: Api, template: str, got: Sequence[Field], *, listed: bool = False
) -> Made:
    query = fields(dice, dice.randrange(4), flat=True, plain=True)
    return Made(
        host=of.host, method="GET", template=template, auth=of.auth, query=query,
        headers=_headers(dice), got=got, listed=listed,
    )  # fmt: skip


def _write(dice: Dice, of: Api, method: str, template: str, thing: Sequence[Field]) -> Made:
    media = dice.choice(of.media)
    sent = thing if media == "json" else fields(dice, dice.randrange(2, 6), flat=True)
    return Made(
        host=of.host, method=method, template=template, auth=of.auth, sent=sent, media=media,
        headers=_headers(dice), got=thing,
    )  # fmt: skip


def _headers(dice: Dice) -> Sequence[Field]:
    if dice.random() < 0.8:
        return ()
    return (Field(dice.choice(("x-tenant", "x-device-model")), "word", dice.random() < REQUIRED),)
