"""Request floods by cost: one client that keeps servers busy as many do together (API4:2023).

In:     answered requests with their time and their sizes, in the order of the topic.
Out:    who costs, for each of its sessions, as much as several that never pause.
Keeps:  a Load per client whose requests were sampled in this window or the last, a LoadUse a site.

Cost is what a request keeps busy: the server for the time to its answer, the line for its bytes.
Who waits for each answer cannot cost more than the time that passes, however slow the server is:
only many requests at the same time can. Costs are sampled by their size (threshold sampling;
Duffield, Lund, Thorup 2005): a request below one unit counts as one unit, as often as its share of
it, by its id. So the sum is right on average, and who costs little leaves no row.
"""

import zlib
from dataclasses import replace

from schemas.codec import decode_as, encode
from schemas.types import Hint, Load, LoadUse
from services.browsing.distinct import least, least_count, least_hashes
from services.browsing.flood_findings import FLOOD
from services.browsing.session import session_of
from services.browsing.settings import Settings
from services.browsing.suspicions import Opening, Suspicions
from services.browsing.usual import NOBODY, UNKNOWN, climbed, usual
from services.runtime.table import Table
from services.runtime.views import ExchangeView, RequestView, ResponseView

US = 1_000_000
# Clients that were sampled within two windows, some 100 to 400 bytes each.
LOADS_MAX = 50_000
SITES_MAX = 10_000
SITE_US = 7 * 86_400 * US
# Of any request: parsing, logging, a connection.
BASE_MS = 20
# 10 MiB/s of one client are as much as one request that is always under way.
BYTES_PER_MS = 10_486
# A long poll waits without cost, and a download is paced by who reads it.
COST_MS_MAX = 5_000
# The unit of sampling: eight such sums a minute are off by 6 %.
UNIT_MS = 2_000
# Above it, all sessions together count as so many.
SESSIONS_MAX = 64
# Of the requests, so many with a session of their own: made up, not people.
FRESH_SHARE = 0.9
TIMES_NORMAL = 4
# Whoever is not let in has no session.
REFUSED = frozenset((401, 403))


class Floods:
    """See above; one partition."""

    def __init__(self, settings: Settings, suspicions: Suspicions, secret: bytes) -> None:
        self.loads: Table[Load] = Table(
            "load", encode, lambda row: decode_as(Load, row),
            rows_max=LOADS_MAX, site=lambda row: row.site,
        )  # fmt: skip
        self.uses: Table[LoadUse] = Table(
            "loaduse", encode, lambda row: decode_as(LoadUse, row),
            rows_max=SITES_MAX, site=lambda row: row.site,
        )  # fmt: skip
        self._busy = settings.flood_busy
        self._window_s = settings.flood_window_s
        self._suspicions = suspicions
        self._secret = secret

    def answered(
        self, view: ExchangeView, request: RequestView | None, response: ResponseView, key: bytes
    ) -> None:
        """An answered request of a client (site/address) that nobody trusts, already `sampled`."""
        ms = cost_ms(view, request, response)
        session = session_of(request, self._secret) if request is not None else 0
        if response.status in REFUSED:
            session = 0
        at_s = view.at_us // US
        load = entered(self.loads.get(key), view.site, at_s, self._window_s)
        load = replace(
            load,
            now_ms=load.now_ms + max(ms, UNIT_MS),
            sampled=load.sampled + 1,
            requests=load.requests + max(1, round(UNIT_MS / ms)),
            sessions=least(load.sessions, session) if session else load.sessions,
        )
        power = (load.now_ms // UNIT_MS).bit_length()
        if power > load.reached:
            self._climbed(view, load.reached, power)
            load = replace(load, reached=power)
        self.loads.put(key, load)
        name = key + b"/" + FLOOD.encode()
        hint = _hint(view, response, ms)
        if self._suspicions.get(name):
            if self._rate(load, at_s) >= self._busy / 2:
                amount = max(1, round(UNIT_MS / ms))
                self._suspicions.went_on(name, hint, [_drawn(view)], (), amount=amount)
            return
        self._judge(name, view, load, hint)

    def sweep(self, site: str, watermark_us: int) -> None:
        """Forget what is past."""
        window = watermark_us // US // self._window_s
        for _ in self.loads.expired(site, lambda row: row.window < window - 1):
            pass
        for _ in self.uses.expired(site, lambda row: row.at_us < watermark_us - SITE_US):
            pass

    def _judge(self, name: bytes, view: ExchangeView, load: Load, hint: Hint) -> None:
        rate = self._rate(load, view.at_us // US)
        if rate < self._busy:
            return
        use = self.uses.get(view.site.encode())
        most = usual(use.reached) if use else UNKNOWN
        normal = most * UNIT_MS / 1_000 / self._window_s if most != UNKNOWN else -1.0
        if most != UNKNOWN and rate < TIMES_NORMAL * normal:
            return
        opening = Opening(
            site=view.site, application=view.application, client=view.client_ip,
            peer=view.peer_ip, host=view.host, endpoint="", subject=view.client_ip,
            opened_us=load.since_s * US, count=load.requests,
            distinct=least(b"", _drawn(view)), others=load.sessions, share=rate, normal=normal,
        )  # fmt: skip
        self._suspicions.open(name, FLOOD, opening, hint)

    def _climbed(self, view: ExchangeView, before: int, now: int) -> None:
        key = view.site.encode()
        use = self.uses.get(key) or LoadUse(site=view.site, at_us=view.at_us, reached=NOBODY)
        at_us = max(use.at_us, view.at_us)
        reached = climbed(use.reached, before, now)
        self.uses.put(key, replace(use, at_us=at_us, reached=reached))

    def _rate(self, load: Load, at_s: int) -> float:
        """Requests' worth of servers kept busy, for each session, over the last window."""
        past_s = min(max(0, at_s - load.window * self._window_s), self._window_s)
        ms = load.now_ms + load.before_ms * (1 - past_s / self._window_s)
        return ms / 1_000 / self._window_s / sessions(load)


def sampled(view: ExchangeView, request: RequestView | None, response: ResponseView) -> bool:
    """Whether a request counts: as often as its cost is of a unit, by its id."""
    ms = cost_ms(view, request, response)
    return ms >= UNIT_MS or _drawn(view) % UNIT_MS < ms


def cost_ms(view: ExchangeView, request: RequestView | None, response: ResponseView) -> int:
    """What a request keeps busy, in milliseconds."""
    size = response.body.wire_bytes + (request.body.wire_bytes if request is not None else 0)
    return min(COST_MS_MAX, BASE_MS + max(0, view.latency_us or 0) // 1_000 + size // BYTES_PER_MS)


def sessions(load: Load) -> int:
    """How many sessions share the cost; 1 where there are none, or each request has its own."""
    count = least_count(least(load.earlier, *least_hashes(load.sessions)))
    if count < 2 or count >= FRESH_SHARE * load.sampled:
        return 1
    return min(count, SESSIONS_MAX)


def entered(load: Load | None, site: str, at_s: int, seconds: int) -> Load:
    """The load in the window of this time; what was two windows ago is forgotten."""
    window = at_s // seconds
    if load is None or load.window < window - 1:
        return Load(
            site=site, window=window, since_s=at_s, now_ms=0, before_ms=0, sampled=0, requests=0,
            sessions=b"", earlier=b"", reached=0,
        )  # fmt: skip
    if load.window >= window:
        return load
    # Counts go by halves, as of what slides.
    return replace(
        load, window=window, since_s=max(load.since_s, (window - 1) * seconds), now_ms=0,
        before_ms=load.now_ms, sampled=load.sampled // 2, requests=load.requests // 2,
        sessions=b"", earlier=load.sessions, reached=0,
    )  # fmt: skip


def _drawn(view: ExchangeView) -> int:
    return zlib.crc32(view.id.encode())


def _hint(view: ExchangeView, response: ResponseView, ms: int) -> Hint:
    return Hint(
        exchange=view.id, at_us=view.at_us, value=f"{ms} ms", status=response.status, struck=False
    )
