"""What browsing reads of an exchange: a small value, so that its rules need no packets."""

import hashlib
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from services.browsing.attempt import Attempt
from services.browsing.paths import Kind, kind, shape
from services.runtime.views import ExchangeView, RequestView

# Software that says it visits many pages by itself: crawlers and monitoring name themselves so.
DECLARED = re.compile(
    rb"bot\b|crawl|spider|slurp|monitor|uptime|pingdom|statuscake|\+https?:", re.I
)

# Of headers that only decide how much a miss weighs.
HEADER_BYTES_MAX = 256
METHOD_BYTES_MAX = 16
# Weights of a missing path, in quarters.
WEIGHTS = {Kind.ROUTINE: 0, Kind.PLAIN: 4, Kind.FORGOTTEN: 8}
EXCUSED = 1


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request asked for, shortened: all that is kept of it until its answer comes."""

    path: bytes
    referrer: bytes
    agent: bytes
    method: bytes = b""
    attempt: Attempt | None = None
    object: bytes = b""
    session: int = 0

    @property
    def operation(self) -> bytes:
        """Method and path."""
        return self.method + b" " + self.path


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """An answered request."""

    exchange: str
    site: str
    client: str
    peer: str
    host: str
    application: str
    at_us: int
    path: bytes
    status: int
    missing: bool
    """The server says that nothing is there, or not for everyone."""
    referrer: bytes = b""
    agent: bytes = b""
    template: bytes = b""
    """Of the known operation that the path belongs to, where it is missing."""

    @property
    def path_hash(self) -> int:
        """32 bits for host and path shape, equal in every process.

        Among the 64 that a walk keeps, two collide once in two million walks.
        """
        return hash_of(self.host, self.template if self._known else self.path)

    @property
    def weight(self) -> int:
        """How much missing this path says of a wordlist, in quarters; 0: nothing.

        A link of the same host that leads nowhere is the site's fault, and a crawler that
        names itself follows links that it found elsewhere: both weigh a quarter. Names worth
        hiding are in no honest link, so there the excuse does not count. What is missing at a
        known operation is a gone object, a missing right or a broken deployment.
        """
        if self._known:
            return EXCUSED
        what = kind(self.path)
        if what is Kind.PLAIN and (self.referred or DECLARED.search(self.agent)):
            return EXCUSED
        return WEIGHTS[what]

    @property
    def _known(self) -> bool:
        """The path is a known operation's, and no name worth hiding in the place of a value."""
        if not self.template:
            return False
        return self.template == self.path or kind(self.path) is not Kind.FORGOTTEN

    @property
    def referred(self) -> bool:
        """A page of the same host links to it, says the client."""
        if not self.referrer:
            return False
        try:
            return urlsplit(self.referrer).hostname == self.host.encode()
        except ValueError:  # brackets that hold no address
            return False


def hash_of(host: str, path: bytes) -> int:
    """See Seen.path_hash."""
    named = host.encode() + b"\0" + shape(path)
    digest = hashlib.blake2b(named, digest_size=4, usedforsecurity=False).digest()
    return int.from_bytes(digest, "big")


def about(
    request: RequestView,
    path: bytes,
    attempt: Attempt | None = None,
    wanted: bytes = b"",
    session: int = 0,
) -> Asked:
    """What is read of a request, with the path of its target."""
    return Asked(
        path,
        (request.header(b"referer") or b"")[:HEADER_BYTES_MAX],
        (request.header(b"user-agent") or b"")[:HEADER_BYTES_MAX],
        request.method[:METHOD_BYTES_MAX],
        attempt,
        wanted,
        session,
    )


def seen(
    view: ExchangeView, asked: Asked, status: int, at_us: int, *, missing: bool,
    template: bytes = b"",
) -> Seen:  # fmt: skip
    """The request with its answer, which may come from a later record than the request."""
    return Seen(
        exchange=view.id,
        site=view.site,
        client=view.client_ip,
        peer=view.peer_ip,
        host=view.host,
        application=view.application,
        at_us=at_us,
        path=asked.path,
        status=status,
        missing=missing,
        referrer=asked.referrer,
        agent=asked.agent,
        template=template,
    )
