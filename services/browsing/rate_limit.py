"""A rate limit as people say it, and the buckets that keep it, in packet time.

In:     PolicyEntry records of kind "limit"; moments at which requests come.
Out:    whether a gate would have refused a request, or made it wait.

The scope is site, host and path prefix; the body is JSON: `key` (whose requests count together),
`requests` in `seconds`, `burst` beyond them and `algorithm`. A token bucket holds `burst` tokens
(`requests`, where nothing is said) and gets `requests` of them in `seconds`: who has none is
refused (RFC 2697 §3 in requests). A leaky bucket lets one request out at a time and has room for
`burst` that wait (nothing said: none). What is refused fills no bucket.
"""

from dataclasses import dataclass
from typing import Literal

import orjson

from schemas.types import LimitLevel, PolicyEntry

KIND = "limit"
US = 1_000_000
REQUESTS_MAX = 1_000_000
SECONDS_MAX = 86_400
FIELDS = frozenset(("key", "requests", "seconds", "burst", "algorithm"))
KEYS = ("address", "network", "session", "user", "ja4", "host", "operation")
ALGORITHMS = ("token_bucket", "leaky_bucket")
# Rounding of sums of seconds: far below one request.
CLOSE = 1e-9

Passed = Literal["passed", "waited", "refused"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RateLimit:
    """One limit, checked."""

    id: str
    site: str = ""
    host: str = ""
    path: str = ""
    key: str = "address"
    requests: int
    seconds: int
    burst: int
    algorithm: str = "token_bucket"

    def covers(self, site: str, host: str, path: str) -> bool:
        """Whether requests there count."""
        return self.site in ("", site) and self.host in ("", host) and path.startswith(self.path)

    @property
    def room(self) -> int:
        """How many requests the bucket holds at a time."""
        return self.burst if self.algorithm == "token_bucket" else self.burst + 1

    def asked(self, level: LimitLevel | None, site: str, at_us: int) -> tuple[LimitLevel, Passed]:
        """The bucket after one more request at this time, and what becomes of the request.

        A request that is told late counts at the latest time so far.
        """
        full, since_us = (level.level, level.at_us) if level else (0.0, at_us)
        now_us = max(at_us, since_us)
        full = max(0.0, full - (now_us - since_us) / US * self.requests / self.seconds)
        if full + 1 > self.room + CLOSE:
            return LimitLevel(site=site, at_us=now_us, level=full), "refused"
        waits = self.algorithm == "leaky_bucket" and full > CLOSE
        return LimitLevel(site=site, at_us=now_us, level=full + 1), "waited" if waits else "passed"

    @property
    def empty_us(self) -> int:
        """After so long a full bucket is empty, and its row says nothing."""
        return int(self.room * self.seconds / self.requests * US) + 1

    def __str__(self) -> str:
        return f"{self.requests} in {self.seconds} s by {self.key}"


def parsed(entry: PolicyEntry) -> RateLimit:
    """The entry's scope and body. Raises ValueError where the body is of no known form."""
    try:
        body = orjson.loads(entry.body or "{}")
    except orjson.JSONDecodeError as error:
        raise ValueError(f"limit {entry.id}: its body is no JSON") from error
    if not isinstance(body, dict) or not body.keys() <= FIELDS:
        raise ValueError(f'limit {entry.id}: its body is not {{"requests": …, "seconds": …}}')
    key, algorithm = body.get("key", "address"), body.get("algorithm", "token_bucket")
    if key not in KEYS:
        raise ValueError(f"limit {entry.id}: its key is none of {', '.join(KEYS)}")
    if algorithm not in ALGORITHMS:
        raise ValueError(f"limit {entry.id}: its algorithm is none of {', '.join(ALGORITHMS)}")
    requests = _number(entry.id, body, "requests", 1, REQUESTS_MAX, None)
    seconds = _number(entry.id, body, "seconds", 1, SECONDS_MAX, 1)
    token = algorithm == "token_bucket"
    burst = _number(entry.id, body, "burst", int(token), REQUESTS_MAX, requests if token else 0)
    return RateLimit(
        id=entry.id, site=entry.site, host=entry.host, path=entry.path, key=key,
        requests=requests, seconds=seconds, burst=burst, algorithm=algorithm,
    )  # fmt: skip


def _number(
    id_: str, body: dict[str, object], name: str, least: int, most: int, otherwise: int | None
) -> int:
    value = body.get(name, otherwise)
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise ValueError(f"limit {id_}: {name} must be a number between {least} and {most}")
    return value
