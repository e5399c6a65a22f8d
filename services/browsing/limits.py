"""Rate limits on trial: what a gate that keeps them would have refused.

In:     PolicyEntry records of kind "limit"; requests, in the order of the topic.
Out:    a finding of each client that was beyond a limit.
Keeps:  a LimitLevel for each limit and client, session or user whose bucket is not empty.

A partition of `exchanges` has all of a client, so limits by address, and by session or user of one
address, are kept here. What many addresses share (a network, a JA4, a host, an operation) is
counted by `sidetap report limits` alone, which reads all partitions.
"""

from schemas.codec import decode_as, encode
from schemas.types import Hint, LimitLevel, PolicyEntry
from services.browsing.distinct import least
from services.browsing.limit_findings import EXCEEDED
from services.browsing.rate_limit import KIND, RateLimit, parsed
from services.browsing.seen import hash_of
from services.browsing.session import session_of, user_of
from services.browsing.suspicions import Opening, Suspicions
from services.runtime.table import Table
from services.runtime.views import ExchangeView, RequestView

# Each is looked at for each request: more would be a gate's configuration, not a trial.
LIMITS_MAX = 64
# Buckets that are not empty, in one partition; some 60 bytes each.
LEVELS_MAX = 200_000
HERE = frozenset(("address", "session", "user"))


class Limits:
    """See above; one partition."""

    def __init__(self, suspicions: Suspicions, secret: bytes) -> None:
        self.levels: Table[LimitLevel] = Table(
            "limit", encode, lambda row: decode_as(LimitLevel, row),
            rows_max=LEVELS_MAX, site=lambda row: row.site,
        )  # fmt: skip
        self._limits: dict[str, RateLimit] = {}
        self._suspicions = suspicions
        self._secret = secret

    def __bool__(self) -> bool:
        return bool(self._limits)

    def learn(self, entry: PolicyEntry) -> None:
        """Take in one entry; a later one of the same id replaces it.

        Raises ValueError, in one sentence, where it is of no known form or there are too many.
        """
        if entry.kind != KIND:
            return
        if entry.removed:
            self._limits.pop(entry.id, None)
        elif entry.id in self._limits or len(self._limits) < LIMITS_MAX:
            limit = parsed(entry)
            self._limits.pop(entry.id, None)
            if limit.key in HERE:
                self._limits[entry.id] = limit
        else:
            raise ValueError(f"limit {entry.id}: there are {LIMITS_MAX} already")

    def asked(self, view: ExchangeView, request: RequestView, path: bytes, key: bytes) -> None:
        """A request of a client (site/address) that nobody trusts, on its first record."""
        text = path.decode("latin-1")
        for limit in self._limits.values():
            if not limit.covers(view.site, view.host, text):
                continue
            named = self._named(limit, request)
            if named is None:
                continue
            bucket = b"\0".join((limit.id.encode(), key, named))
            level, became = limit.asked(self.levels.get(bucket), view.site, view.at_us)
            self.levels.put(bucket, level)
            if became == "refused":
                self._refused(limit, view, path, key)

    def sweep(self, site: str, watermark_us: int) -> None:
        """Forget buckets that have run empty, whatever limit they are of."""
        longest_us = max((limit.empty_us for limit in self._limits.values()), default=0)
        for _ in self.levels.expired(site, lambda row: row.at_us < watermark_us - longest_us):
            pass

    def _named(self, limit: RateLimit, request: RequestView) -> bytes | None:
        """Beside the client, whose requests count together; None: this one does not count."""
        if limit.key == "address":
            return b""
        of = session_of if limit.key == "session" else user_of
        name = of(request, self._secret)
        return name.to_bytes(4, "big") if name else None

    def _refused(self, limit: RateLimit, view: ExchangeView, path: bytes, key: bytes) -> None:
        hint = Hint(
            exchange=view.id, at_us=view.at_us, value=f"{limit.id}: {limit}", status=0, struck=False
        )
        name = b"/".join((key, EXCEEDED.encode(), limit.id.encode()))
        asked_for = hash_of(view.host, path)
        if self._suspicions.get(name):
            self._suspicions.went_on(name, hint, [asked_for], ())
            return
        opening = Opening(
            site=view.site, application=view.application, client=view.client_ip,
            peer=view.peer_ip, host=view.host, endpoint="",
            subject=f"{view.client_ip} {limit.id}", opened_us=view.at_us, count=1,
            distinct=least(b"", asked_for),
        )  # fmt: skip
        self._suspicions.open(name, EXCEEDED, opening, hint)
