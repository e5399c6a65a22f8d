"""The made world: twelve APIs, their traffic and what is planted in it.

In:     a seed, how large it is.
Out:    operations as they are (the truth), exchanges in the order of time.
Keeps:  nothing. It knows nothing of the product: nothing under services/ is imported.

Noise beside it: scanners that ask for what is not there, an application that answers every path
with its page, HEAD and OPTIONS, operations that only ever refuse, single successes that nobody
repeats, files that pages consist of, requests that nobody answers.
"""

import random
import string
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

from schemas.types import Exchange
from tests.apis import protocols
from tests.apis.operation import Made
from tests.apis.rest import Api, api
from tests.apis.values import Dice
from tests.apis.wire import call
from tests.traffic import exchange, halves

DAYS, DAY_S = 2, 86_400
CLIENTS = 400
NOISE_SHARE, UNANSWERED_SHARE, HALVES_SHARE = 0.12, 0.01, 0.01
ROLES = ("shadow", "zombie", "orphan")
# Of the operations that a description can have, so many have one of these roles.
PLANTED_SHARE = 0.09
# The rarest operations are called so much more seldom than the mean.
RARE = 0.25
WILDCARDS = ("*.saas.example",)
"""Hosts of which each customer has one: they are one API."""
REFUSED = tuple(f"/internal/{word}" for word in ("queue", "jobs", "keys", "audit", "flags"))
WANTED_IN_VAIN = tuple(
    f"/{word}{end}"
    for word in ("admin", "wp-login", "backup", ".git/config", ".env", "phpmyadmin", "old", "test")
    for end in ("", ".php", ".zip", "/")
)
IDS = ("id", "uuid")
# Variables that a description has as any text.
TEXTS = ("hash", "slug", "locale", "token", "name")
Build = Callable[[Dice, int], list[Made]]


def _rest(host: str, base: str, auth: str, variables: tuple[str, ...], **more: object) -> Build:
    return lambda dice, count: api(dice, Api(host, base, auth, variables, **more), count)  # type: ignore[arg-type]


def _versions(host: str, auth: str) -> Build:
    """Two versions of one API, half of the operations each."""
    return lambda dice, count: [
        made
        for base, some in (("/api/v1", count // 2), ("/api/v2", count - count // 2))
        for made in api(dice, Api(host, base, auth, IDS), some)
    ]


def _spoken(of: Callable[[Dice, str, str, int], Iterator[Made]], host: str, auth: str) -> Build:
    return lambda dice, count: list(of(dice, host, auth, count))


# How an API is built, and its share in a thousand of all operations.
APIS: tuple[tuple[Build, int], ...] = (
    (_versions("shop.example", "jwt"), 150),
    (_rest("bank.example", "/openbanking/v3.1", "aws_sigv4", ("uuid", "hash")), 100),
    (_rest("social.example", "", "bearer", ("name", "name", "slug", "locale")), 90),
    (_rest("files.example", "/v1", "api_key", ("id", "date"), files=True), 80),
    (_rest("legacy.example", "/app", "basic", ("id", "email"),
           media=("form", "xml", "multipart", "json")), 90),
    (_spoken(protocols.graphql, "graph.example", "bearer"), 75),
    (_spoken(protocols.soap, "soap.example", "none"), 75),
    (_spoken(protocols.grpc, "grpc.example", "jwt"), 60),
    (_spoken(protocols.jsonrpc, "rpc.example", "digest"), 60),
    (_spoken(protocols.mcp, "mcp.example", "bearer"), 50),
    (_spoken(protocols.live, "live.example", "cookie"), 30),
    (_rest("*.saas.example", "/api", "cookie", ("id", "token"), media=("json", "form")), 140),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class World:
    """The truth."""

    operations: tuple[Made, ...]
    """All that have traffic."""
    orphans: tuple[Made, ...]
    """Described, never called."""


def world(seed: int, size: int) -> World:
    """About so many operations in all."""
    dice = random.Random(seed)
    used: list[Made] = []
    orphans: list[Made] = []
    for build, share in APIS:
        those = build(dice, max(4, size * share // 1_000))
        describable = [
            made for made in those if made.protocol == "rest" and not hidden(made, those)
        ]
        planted = dice.sample(describable, min(_planted(describable), len(describable)))
        role = {made.key: ROLES[i % len(ROLES)] for i, made in enumerate(planted)}
        for made in those:
            made = replace(made, role=role.get(made.key, ""))
            (orphans if made.role == "orphan" else used).append(made)
    return World(tuple(used), tuple(orphans))


def _planted(describable: Sequence[Made]) -> int:
    return max(len(ROLES), round(len(describable) * PLANTED_SHARE)) if describable else 0


def hidden(made: Made, those: Iterable[Made]) -> bool:
    """Whether a description of the others has it, for a router: a name where they have any text."""
    parts = [_segment(segment) for segment in made.template.split("/")]
    return any(
        other is not made
        and other.method == made.method
        and len(segments := other.template.split("/")) == len(parts)
        and all(
            part == _segment(segment) or segment.strip("{}") in TEXTS
            for part, segment in zip(parts, segments, strict=True)
        )
        for other in those
    )


def _segment(segment: str) -> str:
    return "{}" if segment.startswith("{") and segment.endswith("}") else segment


def calls(seed: int, made: World, count: int) -> Iterator[Exchange]:
    """Traffic of two days, in the order of requests; halves of one exchange follow each other."""
    dice = random.Random(seed)
    operations = dice.sample(made.operations, len(made.operations))
    weights = list(accumulate(RARE + dice.expovariate(1) for _ in operations))
    for serial in range(count):
        at_s = serial * DAYS * DAY_S / count
        if dice.random() < NOISE_SHARE:
            yield noise(dice, made, at_s, serial)
            continue
        (one,) = dice.choices(operations, cum_weights=weights)
        client = f"10.1.{dice.randrange(CLIENTS // 100)}.{dice.randrange(100)}"
        whole = call(dice, one, at_s=at_s, client=client, serial=serial)
        chance = dice.random()
        if chance < UNANSWERED_SHARE:
            yield replace(whole, response=None, response_final=False, pairing="none")
        elif chance < UNANSWERED_SHARE + HALVES_SHARE:
            yield from halves(whole, repeated=chance < UNANSWERED_SHARE + HALVES_SHARE / 2)
        else:
            yield whole


def noise(dice: Dice, made: World, at_s: float, serial: int) -> Exchange:
    """Something that is no operation."""
    one = dice.choice(made.operations)
    host = one.host.replace("*", f"t{dice.randrange(20)}")
    word = "".join(dice.choices(string.ascii_lowercase, k=7))
    plain = one.template.replace("{", "").replace("}", "")
    target, method, status = dice.choice((
        (f"/{word}.php", "GET", 404), (dice.choice(WANTED_IN_VAIN), "GET", 404),
        (f"/{word}/", "GET", 403), (plain, "OPTIONS", 204), (plain, "HEAD", 200),
        (dice.choice(REFUSED), "GET", 401), ("/status/legacy", "GET", 503),
        (f"/static/{word}.js", "GET", 200), (f"/img/{word}.png", "GET", 200),
        (f"/{word}-{word}", "GET", 200), (f"/old/{word}", "GET", 301),
    ))  # fmt: skip
    if status == 200 and target.startswith(f"/{word}-"):
        host = "pages.example"  # an application that shows its page on every path
    return exchange(
        target, status, at_s=at_s, host=host, method=method, serial=serial,
        client=f"203.0.113.{dice.randrange(5)}", got=b"<html>" if status == 200 else b"",
        got_headers=[(b"Content-Type", b"text/html")],
    )  # fmt: skip
