"""What many clients miss is broken, not hunted; and how often a site's requests miss at all.

In:     each miss of a client that is not under suspicion; each answer.
Out:    whether a missing path is other clients' too; a site's normal share of misses.
Keeps:  one LostPath per path that was missed in the last hour, one SiteShare per site.

This sees the clients of one partition of `exchanges` only: a part of all, but a random one.
"""

import struct
import zlib
from typing import Protocol

from schemas.codec import decode_as, encode
from schemas.types import LostPath, SiteShare
from services.browsing.seen import Seen
from services.browsing.settings import CLIENTS_MAX
from services.runtime.table import Table

# Missing paths of an hour in one partition; some 60 bytes each. The one that was missed by a new
# client longest ago gives way.
LOST_PATHS_MAX = 50_000
# A deployment that is broken for longer is missed by new clients meanwhile.
LOST_US_MAX = 3_600_000_000
SITES_MAX = 10_000
# Beyond this many answers, half of the past is forgotten: some hours of a busy site.
ANSWERED_MAX = 1_000_000
# Fewer answers say nothing about what is normal.
ANSWERED_MIN = 200
UNKNOWN = -1.0


class Neighbours(Protocol):
    """What the other clients of a site tell."""

    def shared(self, site: str, path: int, at_us: int) -> bool:
        """Whether several clients missed the path (32-bit hash) in the hour before `at_us`."""

    def normal(self, site: str, without: int) -> float:
        """Share of requests that miss, UNKNOWN while too few were seen; so many misses apart."""


class LostPaths:
    """The misses of all clients of one partition."""

    def __init__(self, shared_clients: int) -> None:
        self.paths: Table[LostPath] = Table(
            "lost",
            encode,
            lambda row: decode_as(LostPath, row),
            rows_max=LOST_PATHS_MAX,
            site=lambda row: row.site,
        )
        self.sites: Table[SiteShare] = Table(
            "share", encode, lambda row: decode_as(SiteShare, row), rows_max=SITES_MAX
        )
        self._shared_clients = shared_clients
        # Answers and misses of the sites of this batch, by site: each exchange counts here.
        self._counts: dict[str, list[int]] = {}

    def missed(self, seen: Seen) -> None:
        """Remember who missed what."""
        key = _key(seen.site, seen.path_hash)
        client = zlib.crc32(seen.client.encode())
        known = self.paths.get(key)
        if known and known.at_us < seen.at_us - LOST_US_MAX:
            known = None  # forgotten, though its row still stands
        clients = known.clients if known else ()
        if client not in clients and len(clients) < CLIENTS_MAX:
            at_us = max(seen.at_us, known.at_us) if known else seen.at_us
            row = LostPath(site=seen.site, at_us=at_us, clients=(*clients, client))
            self.paths.put(key, row)

    def answered(self, site: str, *, missing: bool) -> None:
        """Count one answer to a client that is not under suspicion."""
        counts = self._counts.get(site)
        if counts is None:
            known = self.sites.get(site.encode())
            counts = self._counts[site] = [known.answered, known.missed] if known else [0, 0]
        counts[0] += 1
        if missing:
            counts[1] += 1
        if counts[0] > ANSWERED_MAX:
            counts[:] = counts[0] // 2, counts[1] // 2

    def settle(self) -> None:
        """Put what was counted into the rows: before they are taken."""
        for site, (answered, missed) in self._counts.items():
            self.sites.put(site.encode(), SiteShare(answered=answered, missed=missed))
        self._counts.clear()

    def shared(self, site: str, path: int, at_us: int) -> bool:
        """See Neighbours."""
        known = self.paths.get(_key(site, path))
        if known is None or known.at_us < at_us - LOST_US_MAX:
            return False
        return len(known.clients) >= self._shared_clients

    def normal(self, site: str, without: int) -> float:
        """See Neighbours."""
        counts = self._counts.get(site)
        if counts is None:
            known = self.sites.get(site.encode())
            counts = [known.answered, known.missed] if known else [0, 0]
        answered, missed = counts
        if answered - without < ANSWERED_MIN:
            return UNKNOWN
        return max(missed - without, 0) / (answered - without)

    def expire(self, site: str, watermark_us: int) -> None:
        """Forget what was missed long ago."""
        for _ in self.paths.expired(site, lambda lost: lost.at_us < watermark_us - LOST_US_MAX):
            pass


def _key(site: str, path: int) -> bytes:
    return site.encode() + b"/" + struct.pack(">I", path)
