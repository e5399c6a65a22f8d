"""Discovery, second half: the inventory.

In:     Sighting records of one partition of `sightings`, from every partition of `exchanges`;
        PolicyEntry records as broadcasts.
Out:    Endpoint records, told at pulses.
Keeps:  one row per operation: sums, and under which template it was told last.

Merging is addition, and templates are a function of all that was added and said: the inventory
after the last pulse is the same in whatever order and in whatever batches sightings came.
"""

from collections import Counter
from collections.abc import Iterable, Sequence

import orjson

from schemas.codec import UndecodableError, decode_as, encode
from schemas.types import Endpoint, HostLimit, PolicyEntry, Sighting, SiteClock
from services.discovery import said, siblings
from services.discovery.bounded import rank
from services.discovery.change_findings import ChangeFindings
from services.discovery.changes import DAY_US
from services.discovery.endpoint import endpoint, removed
from services.discovery.hosts import NOT_THERE, Host, Name, never_there
from services.discovery.known import Known, decoded, encoded, row_key
from services.discovery.operation import Operation
from services.discovery.said import Said
from services.discovery.settings import Settings
from services.discovery.siblings import Templates, segments
from services.runtime import table
from services.runtime.core import Changes, Event, Output, Rejected, Row
from services.runtime.table import Table

TOPIC = "endpoints"
# Rows of one partition: 100,000 of some 3 KB are 300 MB. The one longest without traffic goes.
OPERATIONS_MAX = 100_000
# Hosts of one partition; whoever sends a new Host header with each request can make as many as
# a server answers with success, so later ones are left out.
HOSTS_MAX = 10_000

Place = tuple[str, str]
"""Site and host."""


class MergeCore:
    """See services/runtime/core.py."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._rows: Table[Known] = Table("operation", encoded, decoded, rows_max=OPERATIONS_MAX)
        self._limits: Table[HostLimit] = Table(
            "limit", encode, lambda row: decode_as(HostLimit, row), rows_max=HOSTS_MAX
        )
        self._clocks: Table[SiteClock] = Table(
            "clock", encode, lambda row: decode_as(SiteClock, row), rows_max=HOSTS_MAX
        )
        self._told_changes = ChangeFindings(settings)
        self._said = Said()
        self._hosts: dict[Place, Host] = {}
        self._stale: set[Place] = set()
        # What templates were made from, and the templates: no state, it is made again.
        self._made: dict[Place, tuple[list[siblings.Known], Templates]] = {}
        # How many rows stand in the inventory under one name.
        self._told: Counter[tuple[Place, Name]] = Counter()
        self._changes = Changes()
        self._counts: Counter[str] = Counter()

    def restore(self, rows: Iterable[Row]) -> None:
        """See Core."""
        table.restore(rows, self._rows, self._limits, self._clocks, self._told_changes.table)
        for _, known in self._rows.items():
            place = known.site, known.host
            operation = known.operation
            self._host(place).restore(
                known.name,
                works=bool(operation.successes),
                missing=never_there(operation.statuses),
            )
            if known.stale:
                self._stale.add(place)
            if known.told_as:
                self._told[place, known.told] += 1
        if self._said:
            # It may have been said since the last pulse.
            self._stale.update(self._hosts)

    def learn(self, event: Event) -> None:
        """See Core. An entry that cannot be read changes nothing and is rejected."""
        try:
            if event.value is not None and self._said.learn(decode_as(PolicyEntry, event.value)):
                self._stale.update(self._hosts)
        except ValueError as error:
            self._changes.rejected.append(Rejected(event, str(error)))

    def feed(self, events: Sequence[Event]) -> None:
        """See Core."""
        for event in events:
            try:
                self._event(event)
            except ValueError as error:  # UndecodableError and orjson's are such
                self._changes.rejected.append(Rejected(event, str(error)))

    def take(self) -> Changes:
        """See Core."""
        changes, self._changes = self._changes, Changes()
        changes.rows += self._rows.take() + self._limits.take()
        changes.rows += self._clocks.take() + self._told_changes.table.take()
        changes.counts.update(self._counts)
        self._counts.clear()
        return changes

    def _event(self, event: Event) -> None:
        if event.value is None:
            raise UndecodableError("a record without a value")
        sighting = decode_as(Sighting, event.value)
        if not sighting.body:
            self._pulse(sighting.site, sighting.at_us)
            return
        place = sighting.site, sighting.host
        for name, operation in _operations(sighting):
            self._add(place, name, operation)

    def _pulse(self, site: str, at_us: int) -> None:
        """Tell what is stale and, once a day of packet time, what became of the rest."""
        clock = self._clocks.get(site.encode())
        now_us = max(at_us, clock.at_us if clock else 0)
        next_day = clock is not None and now_us // DAY_US > clock.at_us // DAY_US
        if now_us and (next_day or clock is None):
            self._clocks.put(site.encode(), SiteClock(at_us=now_us))
            self._told_changes.forget(site, now_us)
        places = self._hosts if next_day else self._stale
        for place in sorted(place for place in places if place[0] == site):
            self._tell(place, now_us, every=next_day)

    def _host(self, place: Place) -> Host:
        host = self._hosts.get(place)
        if host is None:
            limit = self._limits.get(_limit_key(place))
            host = self._hosts[place] = Host(limit.children_max) if limit else Host()
        return host

    def _add(self, place: Place, seen: Name, more: Operation) -> None:
        """Merge one operation of a sighting."""
        if place not in self._hosts and len(self._hosts) >= HOSTS_MAX and not self._make_room():
            self._counts["hosts_left_out"] += 1
            return
        host = self._host(place)
        name = host.placed(seen)
        known = self._put(place, name, more)
        if known.operation.successes:
            if host.works(name):
                self._settle(place, host)
            return
        gone = host.fails(name, missing=never_there(known.operation.statuses))
        if gone is not None:
            self._let_go(place, host, gone)

    def _let_go(self, place: Place, host: Host, name: Name) -> None:
        """One of too many operations that never worked: what was not there stays counted."""
        gone = self._present(place, name).operation
        self._remove(place, name)
        if never_there(gone.statuses):
            missing = Name(name.method, NOT_THERE)
            self._put(place, missing, gone)
            host.failing[missing] = True
        else:
            self._counts["failing_operations_left_out"] += 1

    def _make_room(self) -> bool:
        """Let go of a host where nothing ever worked, if there is one."""
        idle = (place for place, host in self._hosts.items() if not host.working)
        place = max(idle, default=None, key=lambda place: rank("/".join(place)))
        if place is None:
            return False
        for name in sorted(self._hosts[place].failing):
            self._remove(place, name)
        del self._hosts[place]
        self._made.pop(place, None)
        self._stale.discard(place)
        self._counts["failing_hosts_left_out"] += 1
        return True

    def _put(self, place: Place, name: Name, more: Operation) -> Known:
        """Add to a row, which is made where there is none."""
        known = self._rows.get(row_key(*place, name))
        if known is None:
            known = Known(site=place[0], host=place[1], name=name, operation=more)
        else:
            known.add(more)
        self._stale.add(place)
        self._write(known)
        return known

    def _write(self, known: Known) -> None:
        evicted = self._rows.put(known.key, known)
        if evicted:
            _, gone = evicted
            self._counts["operations_left_out"] += 1
            self._hosts[gone.site, gone.host].forget(gone.name)
            self._untell((gone.site, gone.host), gone)

    def _remove(self, place: Place, name: Name) -> None:
        known = self._present(place, name)
        self._rows.delete(known.key)
        self._untell(place, known)

    def _untell(self, place: Place, known: Known) -> None:
        """A row is gone: nothing may stand in the inventory for it."""
        if not known.told_as:
            return
        told = known.told
        self._told[place, told] -= 1
        if not self._told[place, told]:
            del self._told[place, told]
            self._say(removed(*place, told))
            return
        for other in self._rows_of(place):
            if other.told == told and not other.stale:
                other.stale = True
                self._write(other)
                self._stale.add(place)
                return

    def _rows_of(self, place: Place) -> list[Known]:
        """All rows of a host, in the order of their names."""
        host = self._hosts[place]
        rows = (
            self._rows.get(row_key(*place, name)) for name in sorted((*host.working, *host.failing))
        )
        return [known for known in rows if known is not None]

    def _settle(self, place: Place, host: Host) -> None:
        """Templates became coarser: rows that are one now are added up."""
        if host.coarse:
            self._limits.put(_limit_key(place), HostLimit(children_max=host.children_max))
        for before, after in host.settle():
            moved = self._present(place, before)
            self._remove(place, before)
            self._put(place, after, moved.operation)

    def _tell(self, place: Place, now_us: int, *, every: bool) -> None:
        """Bring a host's operations in the inventory up to date; `every`: all are looked at."""
        rows = self._rows_of(place)
        working = [known for known in rows if known.operation.successes]
        templates = self._templates(place, working)
        here = self._said.at(*place)

        def stands(seen: str) -> str:
            return seen if seen == NOT_THERE else said.told(here, seen, templates.of(seen))

        there = {(known.name.method, stands(known.name.template)) for known in working}
        groups: dict[Name, list[Known]] = {}
        changed: dict[Name, None] = {}
        for known in rows:
            method, template, operation = known.name
            template = stands(template)
            if (method, template) not in there and never_there(known.operation.statuses):
                template, operation = NOT_THERE, ""
            told = Name(method, template, operation)
            groups.setdefault(told, []).append(known)
            if known.stale or known.told_as != template:
                changed[told] = None
                changed.update(self._retold(place, known, template))
        host_us = min((known.operation.first_us for known in rows), default=0)
        for name in groups if every else changed:
            those = groups.get(name)
            if those:
                record = self._endpoint(place, name, those)
                self._changes.outputs += self._told_changes.of(record, host_us, now_us)
            if name in changed:
                self._say(record if those else removed(*place, name))
        for name in sorted(changed.keys() - groups.keys()) if every else ():
            self._say(removed(*place, name))
        self._stale.discard(place)

    def _templates(self, place: Place, working: Iterable[Known]) -> Templates:
        """As the rows of a host are now; made anew when one of them looks different."""
        known = [(segments(k.name.template), k.name.method, k.outline()) for k in working]
        before = self._made.get(place)
        if before is not None and before[0] == known:
            return before[1]
        templates = Templates(known, self._settings.siblings_min)
        self._made[place] = known, templates
        return templates

    def _retold(self, place: Place, known: Known, told_as: str) -> dict[Name, None]:
        """Note under which name a row stands now; the name under which it stood, if another."""
        before, was_told = known.told, bool(known.told_as)
        known.told_as, known.stale = told_as, False
        self._write(known)
        if was_told and before == known.told:
            return {}
        self._told[place, known.told] += 1
        if not was_told:
            return {}
        self._told[place, before] -= 1
        if not self._told[place, before]:
            del self._told[place, before]
        return {before: None}

    def _endpoint(self, place: Place, name: Name, rows: Sequence[Known]) -> Endpoint:
        coarse = self._hosts[place].coarse
        return endpoint(*place, name, rows, self._settings, coarse=coarse)

    def _present(self, place: Place, name: Name) -> Known:
        known = self._rows.get(row_key(*place, name))
        assert known is not None, "a host knows its rows"
        return known

    def _say(self, record: Endpoint) -> None:
        key = f"{record.site}/{record.host}/{record.method} {record.template}"
        if record.operation:
            key += f" {record.operation}"
        self._changes.outputs.append(Output(TOPIC, key.encode(), encode(record)))


def _operations(sighting: Sighting) -> list[tuple[Name, Operation]]:
    """All of a sighting, so that none counts where one cannot be read. Raises UndecodableError."""
    found = []
    try:
        for text, dump in orjson.loads(sighting.body).items():
            method, _, rest = text.partition(" ")
            template, _, operation = rest.partition(" ")
            found.append((Name(method, template, operation), Operation.load(dump)))
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        raise UndecodableError(f"sighting {sighting.id}: its body is of no known form") from error
    return found


def _limit_key(place: Place) -> bytes:
    return "\0".join(place).encode()
