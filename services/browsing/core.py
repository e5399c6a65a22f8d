"""Behaviour over one partition of `exchanges`.

In:     Exchange and Watermark records; Endpoint and PolicyEntry records as broadcasts.
Out:    Finding on `findings`, Advice on `advice`, Signal on `signals`.
Keeps:  walks, attempts and sessions of clients, open findings, closed ones whose id may come again,
        unanswered requests, lost paths and doors, one table each.
"""

import ipaddress
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Any

from schemas.codec import decode_as, encode
from schemas.types import Advice, Episode, Finding, Unanswered, Walk, Watermark
from services.browsing import (
    door_findings,
    flood_findings,
    limit_findings,
    object_findings,
    partials,
)
from services.browsing import walk as walks
from services.browsing.attempt import ACCEPTED, Attempt, answer_of, attempt_of
from services.browsing.doors import Doors
from services.browsing.episode import BUCKET_US, quiet
from services.browsing.floods import Floods, sampled
from services.browsing.inventory import Inventory
from services.browsing.limits import Limits
from services.browsing.logins import Logins
from services.browsing.lost import LostPaths
from services.browsing.objects import REFUSED_STATUSES, Objects, Wanted, object_of, operation_of
from services.browsing.paths import path_of
from services.browsing.policy import Policy
from services.browsing.seen import Asked, Seen, about, seen
from services.browsing.session import session_of
from services.browsing.settings import Settings
from services.browsing.soft_missing import SoftMisses
from services.browsing.step import Client, Rules, close, reopened, step
from services.browsing.suspicions import Suspicions
from services.runtime import table
from services.runtime.closed_findings import ClosedFindings
from services.runtime.core import Changes, Event, Output, Row
from services.runtime.dispatch import dispatch
from services.runtime.masking import Masker
from services.runtime.table import Table
from services.runtime.views import ExchangeView, Reader, RequestView, ResponseView
from services.runtime.watermarks import ANSWER_US_MAX, Watermarks

# Clients that missed something within the long window, in one partition: 1 KiB each at most, so a
# worker with all twelve partitions keeps 600,000 of them in 600 MB.
WALKS_MAX = 50_000
# Open findings are looked over at every sweep.
EPISODES_MAX = 10_000
# A site is swept when its watermark enters another span of this length: each source of a site
# tells its own every second, and quiet times are minutes.
SWEEP_US = 1_000_000
# So often packet time is told to those who add up what all partitions see.
PULSE_US = 10_000_000
# Requests whose answer is to come: at 20,000/s these are the last five seconds of a web server
# mirror, whose access log is no later than that.
UNANSWERED_MAX = 100_000
# Of method and path, where they are shown and a door is named by them.
OPERATION_BYTES_MAX = 120
# Clients whose trust was looked up lately, and operations that were masked.
LOOKED_UP_MAX = 16_384


class BrowsingCore:
    """See services/runtime/core.py."""

    def __init__(self, settings: Settings, masker: Masker, read: Reader) -> None:
        self._rules = Rules(settings, masker)
        self._read = read
        self._trusted = _trust(settings)
        self._shown = _shown(masker)
        self._watermarks = Watermarks()
        self._lost = LostPaths(settings.shared_clients)
        self._walks: Table[Walk] = Table(
            "walk",
            encode,
            lambda row: decode_as(Walk, row),
            rows_max=WALKS_MAX,
            site=lambda row: row.site,
        )
        self._episodes: Table[Episode] = Table(
            "episode", encode, lambda row: decode_as(Episode, row), rows_max=EPISODES_MAX
        )
        self._unanswered: Table[Unanswered] = Table(
            "unanswered",
            encode,
            lambda row: decode_as(Unanswered, row),
            rows_max=UNANSWERED_MAX,
            site=lambda row: row.site,
        )
        self._closed = ClosedFindings(BUCKET_US)
        behaviours = (
            *door_findings.BEHAVIOURS, *object_findings.BEHAVIOURS, *flood_findings.BEHAVIOURS,
            *limit_findings.BEHAVIOURS,
        )  # fmt: skip
        self._suspicions = Suspicions(behaviours, self._closed, settings.advice_s, self._say)
        self._soft = SoftMisses(settings)
        self._inventory = Inventory()
        self._objects = Objects(settings, self._suspicions)
        self._floods = Floods(settings, self._suspicions, masker.key)
        self._doors = Doors(settings, self._suspicions, self._send)
        self._logins = Logins(masker.key)
        self._limits = Limits(self._suspicions, masker.key)
        self._policy = Policy(self._limits)
        # The rows of `_episodes` decoded: all are looked at when a watermark comes.
        self._open: dict[bytes, Episode] = {}
        self._tables: tuple[Table[Any], ...] = (
            self._walks, self._episodes, self._closed.table, self._unanswered,
            self._lost.paths, self._lost.sites, self._watermarks.table, self._suspicions.table,
            self._doors.attempts, self._doors.doors, self._objects.walks, self._objects.uses,
            self._soft.table, self._floods.loads, self._floods.uses,
            self._limits.levels, self._logins.sessions,
        )  # fmt: skip
        self._changes = Changes()
        self._counts: Counter[str] = Counter()

    def restore(self, rows: Iterable[Row]) -> None:
        """See Core."""
        table.restore(rows, *self._tables)
        self._open = dict(self._episodes.items())
        self._suspicions.restored()
        self._objects.restored()

    def learn(self, event: Event) -> None:
        """See Core: operations that discovery knows, and what people said."""
        self._inventory.learn(event)
        self._changes.rejected += self._policy.learn(event)

    def feed(self, events: Sequence[Event]) -> None:
        """See Core."""
        self._changes.rejected += dispatch(events, self._read, self._exchange, self._mark)

    def take(self) -> Changes:
        """See Core."""
        changes, self._changes = self._changes, Changes()
        self._lost.settle()
        for kept in self._tables:
            changes.rows += kept.take()
        changes.counts.update(self._counts + self._watermarks.counts())
        self._counts.clear()
        return changes

    def _exchange(self, view: ExchangeView, _record: bytes) -> None:
        if view.part is not None:
            # It goes on behind an exchange that was counted.
            return
        request = view.request
        if self._limits and request is not None and not view.revision:
            self._limit(view, request)
        if not view.response_final:
            if request is not None:
                self._wait(view, request)
            return
        response = view.response
        if response is None:
            self._counts["exchanges_without_answer"] += 1
            return
        key = f"{view.site}/{view.client_ip}".encode()
        at_us = view.at_us
        if sampled(view, request, response) and not self._trusted(view.client_ip):
            self._floods.answered(view, request, response, key)
        if request is not None:
            if view.revision:
                self._unanswered.delete(view.id.encode())
            path = path_of(request.target)
            missing = self._soft.missing(view.site, view.host, path, response, at_us)
            asked = self._noteworthy(view, request, path, key, missing=missing)
            if asked is None:
                # Many exchanges of most clients end here: nothing is known of them or kept.
                self._lost.answered(view.site, missing=False)
                return
        else:
            waiting = self._waited(view)
            if waiting is None:
                return
            asked, at_us = _asked(waiting), waiting.at_us
            missing = self._soft.missing(view.site, view.host, asked.path, response, at_us)
        template = b""
        if missing:
            template = self._inventory.template(view.site, view.host, asked.path, at_us)
        one = seen(view, asked, response.status, at_us, missing=missing, template=template)
        if missing or key in self._walks:
            self._step(key, one)
        else:
            self._lost.answered(one.site, missing=False)
        if not self._trusted(one.client):
            self._behave(one, asked, response, key)

    def _limit(self, view: ExchangeView, request: RequestView) -> None:
        """A gate counts requests, whatever comes of them; who is trusted or allowed passes."""
        client = view.client_ip
        said = self._policy.lists.action(view.site, view.host, client, view.at_us)
        if said != "allow" and not self._trusted(client):
            key = f"{view.site}/{client}".encode()
            self._limits.asked(view, request, path_of(request.target), key)

    def _noteworthy(
        self, view: ExchangeView, request: RequestView, path: bytes, key: bytes, *, missing: bool
    ) -> Asked | None:
        """What a request asked for, where a rule has to look at it."""
        secret = self._rules.masker.key
        attempt = attempt_of(view.host, request, path, secret)
        named = object_of(request.target)
        wanted = bool(named) and self._objects.concerns(key, named)
        if attempt is None and not wanted and not missing and key not in self._walks:
            return None
        session = session_of(request, secret) if wanted else 0
        return about(request, path, attempt, named if wanted else b"", session)

    def _wanted(self, asked: Asked, status: int, key: bytes) -> Wanted:
        named = operation_of(asked.method, asked.path)[:OPERATION_BYTES_MAX]
        refused = status in REFUSED_STATUSES
        session = self._logins.whose(key, asked.session)
        return Wanted(self._shown(named), asked.object, session, refused)

    def _behave(self, one: Seen, asked: Asked, response: ResponseView, key: bytes) -> None:
        """Hand an answered request to the behaviours that it is about."""
        if asked.attempt is not None:
            operation = self._shown(asked.operation[:OPERATION_BYTES_MAX])
            answer = answer_of(asked.operation, response)
            self._doors.answered(one, asked.attempt, answer, operation)
            if answer.outcome == ACCEPTED:
                self._logins.let_in(one.site, key, asked.attempt.user, response, one.at_us)
        if asked.object:
            self._objects.answered(one, self._wanted(asked, one.status, key))

    def _wait(self, view: ExchangeView, request: RequestView) -> None:
        secret = self._rules.masker.key
        path = path_of(request.target)
        attempt = attempt_of(view.host, request, path, secret)
        named = object_of(request.target)
        asked = about(request, path, attempt, named, session_of(request, secret) if named else 0)
        row = Unanswered(
            site=view.site,
            at_us=view.at_us,
            target=asked.path,
            referrer=asked.referrer,
            agent=asked.agent,
            method=asked.method.decode("latin-1"),
            user=attempt.user if attempt else 0,
            secret=attempt.secret if attempt else 0,
            object=asked.object.decode("ascii"),
            session=asked.session,
        )
        if self._unanswered.put(view.id.encode(), row):
            self._counts["unanswered_given_way"] += 1

    def _waited(self, view: ExchangeView) -> Unanswered | None:
        """The request of a response that comes alone; None: it was never seen."""
        waiting = self._unanswered.get(view.id.encode())
        if waiting is None:
            self._counts["answers_without_request"] += 1
        self._unanswered.delete(view.id.encode())
        return waiting

    def _step(self, key: bytes, seen: Seen) -> None:
        missing = seen.missing
        if missing and self._trusted(seen.client):
            self._counts["misses_of_trusted_clients"] += 1
            return
        before = Client(self._walks.get(key), self._open.get(key))
        if before.episode is None:
            self._lost.answered(seen.site, missing=missing)
            if missing:
                self._lost.missed(seen)
        client, told = step(before, seen, self._rules, self._lost)
        if before.episode is None and client.episode is not None:
            closed = self._closed.reopened(client.episode.finding)
            if closed:
                client, told = reopened(client.walk, client.episode, closed, self._rules)
        if missing and seen.weight >= walks.QUARTERS:
            self._pass_on(client, seen)
        if client.walk is not None and client.walk is not before.walk:
            self._counts["walks_given_way"] += self._walks.put(key, client.walk) is not None
        if client.episode is not None and client.episode is not before.episode:
            self._open[key] = client.episode
            gone = self._episodes.put(key, client.episode)
            if gone:
                self._counts["findings_given_way"] += 1
                self._close(gone[0], gone[1].last_us)
        for record in told:
            self._say(record)

    def _pass_on(self, client: Client, seen: Seen) -> None:
        """A miss of a client under no suspicion of its own: many such may act as one."""
        walk, settings = client.walk, self._rules.settings
        if client.episode is not None or walk is None:
            return
        shared = self._lost.shared(seen.site, seen.path_hash, seen.at_us)
        if not shared and walks.mostly_misses(walk, seen, settings):
            partials.missed(seen, self._send)

    def _mark(self, mark: Watermark, appended_us: int) -> None:
        before_us = self._watermarks.at(mark.site)
        self._watermarks.hear(mark, appended_us)
        watermark_us = self._watermarks.at(mark.site)
        if watermark_us is None:
            return
        ended = self._watermarks.ended(mark.site)
        if ended or before_us is None or before_us // SWEEP_US != watermark_us // SWEEP_US:
            self._sweep(mark.site, watermark_us, ended=ended)
        if ended or before_us is None or before_us // PULSE_US != watermark_us // PULSE_US:
            partials.pulse(mark.site, watermark_us, ended=ended, send=self._send)

    def _sweep(self, site: str, watermark_us: int, *, ended: bool) -> None:
        """Close what went quiet, forget what is past, by the site's watermark."""
        for key in sorted(
            key
            for key, episode in self._open.items()
            if episode.site == site
            and (ended or quiet(episode, watermark_us, self._rules.settings))
        ):
            self._close(key, watermark_us)
        past_us = watermark_us - self._rules.settings.slow_window_s * 1_000_000
        for _ in self._walks.expired(site, lambda walk: _over(walk, past_us)):
            pass
        for _ in self._unanswered.expired(
            site, lambda row: ended or row.at_us < watermark_us - ANSWER_US_MAX
        ):
            self._counts["requests_never_answered"] += 1
        self._lost.expire(site, watermark_us)
        self._suspicions.sweep(site, watermark_us, ended=ended)
        self._doors.sweep(site, watermark_us)
        self._objects.sweep(site, watermark_us)
        self._soft.sweep(site, watermark_us)
        self._floods.sweep(site, watermark_us)
        self._limits.sweep(site, watermark_us)
        self._logins.sweep(site, watermark_us)
        self._closed.forget(site, watermark_us)

    def _close(self, key: bytes, at_us: int) -> None:
        """End a finding. What led to it is used up: the next one needs new evidence."""
        closed = close(self._open.pop(key), at_us)
        self._closed.remember(closed, self._watermarks.at(closed.site))
        self._say(closed)
        self._episodes.delete(key)
        self._walks.delete(key)

    def _send(self, output: Output) -> None:
        self._changes.outputs.append(output)

    def _say(self, record: Finding | Advice) -> None:
        if isinstance(record, Finding):
            record = self._policy.gated(record)
            key = f"{record.site}/{record.subject}".encode()
            self._changes.outputs.append(Output("findings", key, encode(record)))
            self._counts[f"findings_{record.state}"] += 1
        elif not self._policy.allows(record):
            self._changes.outputs.append(Output("advice", record.id.encode(), encode(record)))


def _asked(waiting: Unanswered) -> Asked:
    attempt = Attempt(waiting.user, waiting.secret) if waiting.user else None
    return Asked(
        waiting.target, waiting.referrer, waiting.agent, waiting.method.encode("latin-1"), attempt,
        waiting.object.encode("ascii"), waiting.session,
    )  # fmt: skip


def _over(walk: Walk, past_us: int) -> bool:
    return all(miss.at_s * 1_000_000 < past_us for miss in walk.misses)


def _shown(masker: Masker) -> Callable[[bytes], str]:
    """An operation as people may see it."""

    @lru_cache(LOOKED_UP_MAX)
    def shown(operation: bytes) -> str:
        return masker.target(operation.decode("utf-8", "replace"))

    return shown


def _trust(settings: Settings) -> Callable[[str], bool]:
    """Whether a client is in a trusted network."""
    networks = [ipaddress.ip_network(network) for network in settings.trusted]

    @lru_cache(LOOKED_UP_MAX)
    def trusted(client: str) -> bool:
        try:
            address = ipaddress.ip_address(client)
        except ValueError:  # a name in the place of an address: no network has it
            return False
        return any(address in network for network in networks)

    return trusted
