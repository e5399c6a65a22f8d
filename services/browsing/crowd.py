"""What clients do across partitions: one list from many addresses, many kinds of attack by one.

In:     Signal records of one partition of `signals`, from every partition of `exchanges`;
        PolicyEntry records as broadcasts.
Out:    Finding on `findings`, Advice on `advice`.
Keeps:  one Crowd for each thing and minute, a SiteClock a site, open findings, and closed ones
        whose id may come again.

Adding up is plain: sums, and sets that keep their least hashes, so order and repeats do not
matter. A minute is judged, with the hours before it, when pulses have passed it; what comes later
is added all the same, and the minute is judged again.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from schemas.codec import UndecodableError, decode_as, encode
from schemas.types import Advice, Crowd, Finding, Hint, Signal, SiteClock
from services.browsing import crowd_findings
from services.browsing.crowd_findings import BEHAVIOURS, Together
from services.browsing.distinct import least, least_hashes
from services.browsing.partials import ACCEPTED, CLIENT, NETWORK
from services.browsing.policy import Policy
from services.browsing.settings import Settings
from services.browsing.suspicions import BUCKET_US, Opening, Suspicions
from services.runtime import table
from services.runtime.closed_findings import ClosedFindings
from services.runtime.core import Changes, Event, Output, Row
from services.runtime.dispatch import one_by_one
from services.runtime.table import Table

MINUTE_US = 60_000_000
# Partitions of `exchanges` are read side by side: so far may one be behind another.
GRACE_US = 30_000_000
# Things and minutes of one partition, some 100 to 600 bytes each.
CROWDS_MAX = 200_000
SITES_MAX = 10_000
MEMBERS_MAX = 64


@dataclass(frozen=True, slots=True)
class Thing:
    """What is counted."""

    site: str
    kind: str
    name: str

    def key(self, counter: str, minute: int) -> bytes:
        """Of the row for one minute."""
        return "\0".join((counter, self.kind, str(minute), self.site, self.name)).encode()


class CrowdCore:
    """See services/runtime/core.py."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        # No rule looks back further.
        self._window_us = max(settings.crowd_window_s, settings.payloads_window_s) * 1_000_000
        self._crowds: Table[Crowd] = Table(
            "crowd", encode, lambda row: decode_as(Crowd, row),
            rows_max=CROWDS_MAX, site=lambda row: row.site,
        )  # fmt: skip
        self._clocks: Table[SiteClock] = Table(
            "clock", encode, lambda row: decode_as(SiteClock, row), rows_max=SITES_MAX
        )
        self._policy = Policy()
        self._closed = ClosedFindings(BUCKET_US, self._window_us)
        self._suspicions = Suspicions(BEHAVIOURS, self._closed, settings.advice_s, self._say)
        self._tables: tuple[Table[Any], ...] = (
            self._crowds, self._clocks, self._closed.table, self._suspicions.table,
        )  # fmt: skip
        # Minutes that grew since they were judged, by site.
        self._fresh: dict[str, set[tuple[int, Thing]]] = {}
        self._changes = Changes()
        self._counts: Counter[str] = Counter()

    def restore(self, rows: Iterable[Row]) -> None:
        """See Core."""
        table.restore(rows, *self._tables)
        self._suspicions.restored()
        for key, row in self._crowds.items():
            if row.fresh:
                _, kind, minute, site, name = key.decode().split("\0", 4)
                self._fresh.setdefault(site, set()).add((int(minute), Thing(site, kind, name)))

    def learn(self, event: Event) -> None:
        """See Core: lists of people's; the rest is for the clients' own core."""
        self._changes.rejected += self._policy.learn(event)

    def feed(self, events: Sequence[Event]) -> None:
        """See Core."""
        self._changes.rejected += one_by_one(events, self._event)

    def take(self) -> Changes:
        """See Core."""
        changes, self._changes = self._changes, Changes()
        for kept in self._tables:
            changes.rows += kept.take()
        changes.counts.update(self._counts)
        self._counts.clear()
        return changes

    def _event(self, event: Event) -> None:
        if event.value is None:
            raise UndecodableError("a record without a value")
        signal = decode_as(Signal, event.value)
        if signal.key_kind:
            self._add(signal)
        else:
            self._pulse(signal.site, signal.at_us, ended=bool(signal.amount))

    def _add(self, signal: Signal) -> None:
        thing = Thing(signal.site, signal.key_kind, signal.key)
        minute = signal.at_us // MINUTE_US
        clock = self._clocks.get(signal.site.encode())
        if clock and signal.at_us < clock.at_us - self._window_us:
            self._counts["signals_too_late"] += 1
            return
        key = thing.key(signal.counter, minute)
        row = self._crowds.get(key) or Crowd(
            site=signal.site, at_us=minute * MINUTE_US, fresh=True, amount=0, members=b"",
            others=b"", signal=signal.id,
        )  # fmt: skip
        row = replace(
            row, fresh=True, amount=row.amount + signal.amount,
            members=least(row.members, *map(_number, signal.members[:MEMBERS_MAX])),
            others=least(row.others, *map(_number, signal.others[:MEMBERS_MAX])),
            signal=min(row.signal, signal.id),
        )  # fmt: skip
        if self._crowds.put(key, row):
            self._counts["crowds_given_way"] += 1
        self._fresh.setdefault(signal.site, set()).add((minute, thing))
        if clock and clock.ended:
            # Detection tells of the last requests after their site ended.
            self._pulse(signal.site, clock.at_us, ended=True)

    def _pulse(self, site: str, at_us: int, *, ended: bool) -> None:
        key = site.encode()
        clock = self._clocks.get(key)
        before = (clock.at_us - GRACE_US) // MINUTE_US if clock else -1
        latest_us = max(at_us, clock.at_us) if clock else at_us
        if clock is None or (clock.at_us, clock.ended) != (latest_us, ended):
            self._clocks.put(key, SiteClock(at_us=latest_us, ended=ended))
        over = (at_us - GRACE_US) // MINUTE_US
        if over <= before and not ended:
            return
        fresh = self._fresh.get(site, set())
        past = [one for one in fresh if ended or one[0] < over]
        for minute, thing in sorted(past, key=lambda one: (one[0], one[1].kind, one[1].name)):
            fresh.discard((minute, thing))
            self._judge(site, minute, thing)
        self._suspicions.sweep(site, at_us, ended=ended)
        self._closed.forget(site, at_us)
        past_us = at_us - self._window_us
        for _ in self._crowds.expired(site, lambda row: row.at_us + MINUTE_US < past_us):
            pass

    def _judge(self, site: str, minute: int, thing: Thing) -> None:
        for counter in crowd_findings.COUNTERS:
            row = self._crowds.get(thing.key(counter, minute))
            if row is None or not row.fresh:
                continue
            self._crowds.put(thing.key(counter, minute), replace(row, fresh=False))
            if counter == ACCEPTED:
                continue
            self._judge_one(site, minute, thing, counter, row)

    def _judge_one(self, site: str, minute: int, thing: Thing, counter: str, row: Crowd) -> None:
        rule = crowd_findings.RULES.get((counter, thing.kind))
        if rule is None:
            return
        key = f"{site}/{thing.kind}/{thing.name}/{rule}".encode()
        hint = Hint(
            exchange=row.signal.partition("/")[0], at_us=row.at_us, value=thing.name[:64], status=0,
            struck=False,
        )  # fmt: skip
        if self._suspicions.get(key):
            self._suspicions.went_on(
                key, hint, least_hashes(row.members), least_hashes(row.others), amount=row.amount
            )
            return
        seconds = crowd_findings.window_s(rule, self._settings)
        together = self._together(thing, counter, minute, seconds)
        if not crowd_findings.too_much(rule, together, self._settings):
            return
        client = thing.name if thing.kind == CLIENT else ""
        host = "" if thing.kind in (NETWORK, CLIENT) else thing.name.partition(" ")[0]
        opening = Opening(
            site=site, application="", client=client, peer="", host=host, endpoint="",
            subject=client or f"{thing.kind} {thing.name}", opened_us=together.since_us,
            count=together.amount, distinct=together.members, others=together.others,
            share=together.amount / max(1, together.amount + together.accepted), again=True,
        )  # fmt: skip
        self._suspicions.open(key, rule, opening, hint)

    def _together(self, thing: Thing, counter: str, minute: int, seconds: int) -> Together:
        """The minute and those before it, as far as the window goes."""
        first = minute - seconds // 60 + 1
        members, others = b"", b""
        amount = accepted = 0
        since_us = minute * MINUTE_US
        for each in range(minute, first - 1, -1):
            row = self._crowds.get(thing.key(counter, each))
            if row is not None:
                since_us, amount = row.at_us, amount + row.amount
                members = least(members, *least_hashes(row.members))
                others = least(others, *least_hashes(row.others))
            let_in = self._crowds.get(thing.key(ACCEPTED, each))
            accepted += let_in.amount if let_in else 0
        return Together(since_us, amount, accepted, members, others)

    def _say(self, record: Finding | Advice) -> None:
        if isinstance(record, Finding):
            record = self._policy.gated(record)
            key = f"{record.site}/{record.subject}".encode()
            self._changes.outputs.append(Output("findings", key, encode(record)))
            self._counts[f"findings_{record.state}"] += 1
        elif not self._policy.allows(record):
            self._changes.outputs.append(Output("advice", record.id.encode(), encode(record)))


def _number(member: bytes) -> int:
    """Of whatever length a writer chose."""
    return int.from_bytes(member[:4], "big")
