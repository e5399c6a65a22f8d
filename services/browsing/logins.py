"""Whose a session is: what a log-in's answer gives links what follows to the user who logged in.

In:     log-ins that let somebody in, with their answers; sessions of later requests.
Out:    the user of a session, so that a new log-in for every few requests is no new session.
Keeps:  a LinkedSession for each session that a log-in of the last day began.

Only within one client: a partition has all of it.
"""

from schemas.codec import decode_as, encode
from schemas.types import LinkedSession
from services.browsing.session import granted
from services.runtime.table import Table
from services.runtime.views import ResponseView

# Sessions begun within a day, in one partition; some 60 bytes each.
SESSIONS_MAX = 100_000
LINKED_US = 86_400_000_000


class Logins:
    """See above; one partition."""

    def __init__(self, secret: bytes) -> None:
        self.sessions: Table[LinkedSession] = Table(
            "linked", encode, lambda row: decode_as(LinkedSession, row),
            rows_max=SESSIONS_MAX, site=lambda row: row.site,
        )  # fmt: skip
        self._secret = secret

    def let_in(
        self, site: str, client: bytes, user: int, response: ResponseView, at_us: int
    ) -> None:
        """A log-in of a client (site/address) that worked."""
        session = granted(response, self._secret)
        if session and user:
            row = LinkedSession(site=site, at_us=at_us, user=user)
            self.sessions.put(_key(client, session), row)

    def whose(self, client: bytes, session: int) -> int:
        """The user who began the session; the session itself, where no log-in of it was seen."""
        known = self.sessions.get(_key(client, session)) if session and len(self.sessions) else None
        return known.user if known else session

    def sweep(self, site: str, watermark_us: int) -> None:
        """Forget what is past."""
        for _ in self.sessions.expired(site, lambda row: row.at_us < watermark_us - LINKED_US):
            pass


def _key(client: bytes, session: int) -> bytes:
    return b"%b/%08x" % (client, session)
