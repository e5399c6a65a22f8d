"""Soft 404s: what a host answers with success although nothing is there.

In:     answers to names that only wordlists have; any other answer.
Out:    whether an answer says "not there" in its own way.
Keeps:  one SoftMissing per host that answers such names with success.

Nobody but a scanner asks for /.git/config, /backup.zip and /phpinfo.php, and the internet asks
for them all day. Where three of them get the same page or the same redirect, that is how the host
says no: a page of its own, the shell of a single-page app, the way to the log-in. Hosts that say
404 cost nothing here.
"""

import re
import zlib
from dataclasses import replace

from schemas.codec import decode_as, encode
from schemas.types import SoftAnswer, SoftMissing
from services.browsing.paths import Kind, kind, path_of
from services.browsing.seen import hash_of
from services.browsing.settings import Settings
from services.runtime.table import Table
from services.runtime.views import ResponseView

HOSTS_MAX = 10_000
# A host that was not asked for such names for so long is learned anew.
HOST_US = 7 * 86_400_000_000
ANSWERS_MAX = 8
# So many different names must have got the same answer.
NAMES_MIN = 3
# Of a page: its head and what it says first, without what differs from one to the next.
PAGE_BYTES = 4_096
VARYING = re.compile(rb"[0-9a-fA-F-]{16,}|\d+")
REDIRECTS = frozenset((301, 302, 303, 307, 308))


class SoftMisses:
    """See above; one partition."""

    def __init__(self, settings: Settings) -> None:
        self.table: Table[SoftMissing] = Table(
            "soft", encode, lambda row: decode_as(SoftMissing, row),
            rows_max=HOSTS_MAX, site=lambda row: row.site,
        )  # fmt: skip
        self._statuses = frozenset(settings.statuses)

    def missing(
        self, site: str, host: str, path: bytes, response: ResponseView, at_us: int
    ) -> bool:
        """Whether the answer says that nothing is there; it may teach what does."""
        status = response.status
        if status in self._statuses:
            return True
        told = status == 200 or status in REDIRECTS
        if not told:
            return False
        key = f"{site}/{host}".encode()
        known = self.table.get(key) if key in self.table else None
        guessed = kind(path) is Kind.FORGOTTEN
        if not guessed and known is None:
            return False
        fingerprint = _fingerprint(path, response)
        if not fingerprint:
            return False
        if guessed:
            known = self._learn(key, known, site, fingerprint, hash_of(host, path), at_us)
        assert known is not None, "it was known, or is learned"
        return any(
            answer.fingerprint == fingerprint and len(answer.paths) >= NAMES_MIN
            for answer in known.answers
        )

    def sweep(self, site: str, watermark_us: int) -> None:
        """Forget what is past."""
        for _ in self.table.expired(site, lambda row: row.at_us < watermark_us - HOST_US):
            pass

    def _learn(
        self, key: bytes, known: SoftMissing | None, site: str, fingerprint: int, path: int,
        at_us: int,
    ) -> SoftMissing:  # fmt: skip
        row = known or SoftMissing(site=site, at_us=at_us, answers=())
        before = next((one for one in row.answers if one.fingerprint == fingerprint), None)
        if before and (path in before.paths or len(before.paths) >= NAMES_MIN):
            return row
        paths = (*before.paths, path) if before else (path,)
        others = tuple(one for one in row.answers if one is not before)
        # Of answers that one name got, the oldest gives way first.
        latest = SoftAnswer(fingerprint=fingerprint, paths=paths)
        kept = sorted(others, key=lambda one: len(one.paths) >= NAMES_MIN)
        answers = (*kept[-(ANSWERS_MAX - 1) :], latest)
        row = replace(row, at_us=max(row.at_us, at_us), answers=answers)
        self.table.put(key, row)
        return row


def _fingerprint(path: bytes, response: ResponseView) -> int:
    """Of a page or a redirect, without the path in it; 0: it is neither."""
    if response.status in REDIRECTS:
        location = path_of(response.header(b"location") or b"")
        # The same path elsewhere: another host, scheme or a slash at its end.
        moved = not location or path in location
        return 0 if moved else zlib.crc32(b"%d %b" % (response.status, location)) or 1
    content_type = response.header(b"content-type") or b""
    if not content_type.lower().startswith(b"text/html"):
        return 0
    page = response.body.decoded()[:PAGE_BYTES].replace(path, b"")
    return (zlib.crc32(VARYING.sub(b"0", page)) or 1) if page else 0
