"""Object enumeration: one session that asks for object after object (BOLA; API1:2023).

In:     answered requests whose target names an object, in the order of the topic.
Out:    who asks for far more objects of an operation than its users do, and is refused often or
        counts through them.
Keeps:  an ObjectWalk per session and operation, an ObjectUse per operation.

A session counts by itself, so an office behind one address is many; without one the client counts.
What its users do is learned: in how many windows 1, 2, 4 … objects were asked for. An operation
that refuses several clients most of the time is broken, and nobody is flagged there.
"""

import re
import zlib
from collections import Counter
from dataclasses import dataclass, replace

from schemas.codec import decode_as, encode
from schemas.types import Hint, ObjectUse
from services.browsing.attempt import hashed
from services.browsing.object_findings import OBJECTS
from services.browsing.object_walk import WalkInHand, restored, stored
from services.browsing.seen import DECLARED, Seen
from services.browsing.settings import CLIENTS_MAX, Settings
from services.browsing.suspicions import Opening, Suspicions
from services.browsing.usual import NOBODY, UNKNOWN, climbed, usual
from services.runtime.table import Table

US = 1_000_000
# Sessions times operations of one partition within the window, some 80 to 600 bytes each.
WALKS_MAX = 50_000
OPERATIONS_MAX = 10_000
OPERATION_US = 7 * 86_400 * US
BROKEN_US = 3_600 * US
OBJECT_BYTES_MAX = 128
# Who walks has soon met one object in so many; those before it, as many on average, do not count.
BEGINNINGS = 16
TIMES_NORMAL = 4
# Of the requests, so many refused: people ask for what they were given.
REFUSED_SHARE = 0.2
# Of the requests, so many for a number next to the last: a loop.
STEPS_SHARE = 0.7
REFUSED_STATUSES = frozenset((401, 403, 404, 410))
ASKED_MIN = 3

NAME = rb"\d{1,18}|[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|[0-9a-fA-F]{16,64}"
IN_PATH = re.compile(rb"/(%b)(?=[/?#;]|$)" % NAME)
IN_QUERY = re.compile(
    rb"[?&](?:[\w.-]*id|uid|user|account|order|invoice|customer|document|ticket|number|no)=(%b)"
    rb"(?=[&#]|$)" % NAME
)


def object_of(target: bytes) -> bytes:
    """The values in a target that name an object, in order; empty: there is none."""
    names = IN_PATH.findall(target)
    if b"?" in target:
        names += IN_QUERY.findall(target.lower())
    return b" ".join(names)[:OBJECT_BYTES_MAX] if names else b""


@dataclass(frozen=True, slots=True)
class Wanted:
    """One request for an object."""

    operation: str
    name: bytes
    session: int
    refused: bool = False


class Objects:
    """See above; one partition."""

    def __init__(self, settings: Settings, suspicions: Suspicions) -> None:
        self.walks: Table[WalkInHand] = Table(
            "object", stored, restored, rows_max=WALKS_MAX, site=lambda row: row.site
        )
        self.uses: Table[ObjectUse] = Table(
            "use", encode, lambda row: decode_as(ObjectUse, row),
            rows_max=OPERATIONS_MAX, site=lambda row: row.site,
        )  # fmt: skip
        self._settings = settings
        self._suspicions = suspicions
        # How many walks each client is on, by site/address.
        self._walkers: Counter[bytes] = Counter()

    def restored(self) -> None:
        """Call when the tables have their rows."""
        self._walkers = Counter(map(_walker, self.walks.keys()))

    def concerns(self, client: bytes, name: bytes) -> bool:
        """Whether an object matters: of a client (site/address) that walks, or one in many.

        A walk begins at one object in `BEGINNINGS`; most sessions ask for one or two, and cost
        nothing.
        """
        return client in self._walkers or not zlib.crc32(name) % BEGINNINGS

    def answered(self, seen: Seen, wanted: Wanted) -> None:
        """A request for an object, with its answer."""
        key = _key(seen.site, seen.client, wanted)
        at_s, seconds = seen.at_us // US, self._settings.objects_window_s
        walk = self.walks.get(key)
        if walk is None:
            if zlib.crc32(wanted.name) % BEGINNINGS:
                return
            walk = WalkInHand(seen.site, at_s // seconds, at_s)
            self._walkers[_walker(key)] += 1
        walk.enter(at_s // seconds, seconds, at_s)
        before = _mostly_refused(walk)
        last = wanted.name.rpartition(b" ")[2]
        number = int(last) if last.isdigit() else -1
        object_hash = hashed(b"", wanted.name)
        news = walk.ask(object_hash, number, refused=wanted.refused)
        if _mostly_refused(walk) and not before:
            self._note_refusal(seen, wanted)
        if news:
            self._passed(seen, wanted, walk)
        gone = self.walks.put(key, walk)
        if gone:
            self._stopped(gone[0])
        if self._suspicions.get(key):
            self._suspicions.went_on(key, _hint(seen, wanted), [object_hash], ())
        elif news and self._too_many(walk, seen, wanted):
            opening = self._opening(seen, wanted, walk)
            self._suspicions.open(key, OBJECTS, opening, _hint(seen, wanted))

    def sweep(self, site: str, watermark_us: int) -> None:
        """Forget what is past."""
        window = watermark_us // US // self._settings.objects_window_s
        for key, _ in self.walks.expired(site, lambda row: row.window < window - 1):
            self._stopped(key)
        for _ in self.uses.expired(site, lambda row: row.at_us < watermark_us - OPERATION_US):
            pass

    def _stopped(self, key: bytes) -> None:
        walker = _walker(key)
        self._walkers[walker] -= 1
        if not self._walkers[walker]:
            del self._walkers[walker]

    def _use(self, seen: Seen, wanted: Wanted) -> tuple[bytes, ObjectUse]:
        key = f"{seen.site}/{seen.host}/{wanted.operation}".encode()
        return key, self.uses.get(key) or ObjectUse(
            site=seen.site, at_us=seen.at_us, reached=NOBODY, refused=(), refused_us=0
        )

    def _note_refusal(self, seen: Seen, wanted: Wanted) -> None:
        """A client began to be mostly refused."""
        key, use = self._use(seen, wanted)
        known = use.refused if use.refused_us > seen.at_us - BROKEN_US else ()
        client = hashed(b"", seen.client.encode())
        if client not in known and len(known) < CLIENTS_MAX:
            at_us = max(use.at_us, seen.at_us)
            self.uses.put(
                key, replace(use, at_us=at_us, refused=(*known, client), refused_us=at_us)
            )

    def _passed(self, seen: Seen, wanted: Wanted, walk: WalkInHand) -> None:
        """Count the powers of two that the walk's objects passed."""
        reached = walk.objects().bit_length()
        if reached <= walk.reached:
            return
        key, use = self._use(seen, wanted)
        counts = climbed(use.reached, walk.reached, reached)
        walk.reached = reached
        at_us = max(use.at_us, seen.at_us)
        self.uses.put(key, replace(use, at_us=at_us, reached=counts))

    def _too_many(self, walk: WalkInHand, seen: Seen, wanted: Wanted) -> bool:
        count = walk.objects()
        if count < self._settings.objects:
            return False
        _, use = self._use(seen, wanted)
        most = usual(use.reached)
        if most != UNKNOWN and count < TIMES_NORMAL * most:
            return False
        if walk.refused >= REFUSED_SHARE * walk.asked:
            excused = not wanted.session and (seen.referred or DECLARED.search(seen.agent))
            return not excused and not self._broken(use, seen)
        steps = walk.steps >= STEPS_SHARE * walk.asked
        return bool(wanted.session) and most != UNKNOWN and steps

    def _broken(self, use: ObjectUse, seen: Seen) -> bool:
        others = set(use.refused) - {hashed(b"", seen.client.encode())}
        lately = use.refused_us > seen.at_us - BROKEN_US
        return lately and len(others) >= self._settings.shared_clients

    def _opening(self, seen: Seen, wanted: Wanted, walk: WalkInHand) -> Opening:
        _, use = self._use(seen, wanted)
        return Opening(
            site=seen.site, application=seen.application, client=seen.client, peer=seen.peer,
            host=seen.host, endpoint=wanted.operation, subject=f"{seen.client} {wanted.operation}",
            opened_us=walk.since_s * US, count=walk.asked, distinct=walk.distinct(),
            struck=walk.asked - walk.refused, share=walk.refused / walk.asked,
            normal=float(usual(use.reached)),
        )  # fmt: skip


def operation_of(method: bytes, path: bytes) -> bytes:
    """METHOD and path, every name of an object the same."""
    return method + b" " + IN_PATH.sub(b"/{id}", path)


def _mostly_refused(walk: WalkInHand) -> bool:
    return walk.asked >= ASKED_MIN and 2 * walk.refused >= walk.asked


def _walker(key: bytes) -> bytes:
    """Of whom the row is: site/address."""
    return key.partition(b"\0")[0]


def _key(site: str, client: str, wanted: Wanted) -> bytes:
    return f"{site}/{client}\0{wanted.session:08x}/{wanted.operation}".encode()


def _hint(seen: Seen, wanted: Wanted) -> Hint:
    return Hint(
        exchange=seen.exchange, at_us=seen.at_us, value=wanted.operation[:64],
        status=seen.status, struck=200 <= seen.status < 300,
    )  # fmt: skip
