"""`sidetap endpoints --since`: what changed in the inventory since a moment."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from schemas.types import Endpoint
from services.cli.inventory import called
from services.cli.moments import iso
from services.cli.output import Format, print_json, print_people, table
from services.discovery.changes import Change, changes
from services.discovery.settings import Settings

COLUMNS = ("at", "change", "host", "method", "path", "what")
ROWS_MAX = 500

Found = tuple[Change, Endpoint]


def since(
    known: Iterable[Endpoint], from_us: int, settings: Settings, kept: Iterable[Found] = ()
) -> list[Found]:
    """Changes since then, in the order of time; now is when the last request of a site came.

    The moment is the baseline: what was first seen later is new, whatever else is known. `kept`
    is what the database has: it adds what the endpoint itself has forgotten.
    """
    known = list(known)
    now_us: dict[str, int] = {}
    for endpoint in known:
        now_us[endpoint.site] = max(now_us.get(endpoint.site, 0), endpoint.last_us)
    plain = replace(settings, baseline_s=0)
    now_known = [
        (change, endpoint)
        for endpoint in known
        for change in changes(endpoint, -1, now_us[endpoint.site], plain)
    ]
    found = [
        (change, endpoint)
        for change, endpoint in [*now_known, *_forgotten(now_known, kept)]
        if change.at_us >= from_us
        # Parts of what is new are not news themselves.
        and not (change.kind == "changed" and endpoint.first_us >= from_us)
    ]
    return sorted(found, key=lambda one: (one[0], one[1].host, called(one[1]), one[1].method))


def _forgotten(now_known: Sequence[Found], kept: Iterable[Found]) -> Iterator[Found]:
    """What the database kept; a beginning only where the endpoint knows none of its own."""
    said = {(_name(e), change) for change, e in now_known}
    begun = {(_name(e), change.kind, change.what) for change, e in now_known}
    for change, endpoint in kept:
        name = _name(endpoint)
        moved = change.kind in ("new", "changed") and (name, change.kind, change.what) in begun
        if not moved and (name, change) not in said:
            yield change, endpoint


def _name(endpoint: Endpoint) -> tuple[str, ...]:
    return endpoint.site, endpoint.host, endpoint.method, called(endpoint)


def show(found: Sequence[Found], form: Format) -> None:
    """JSON lines, or a table."""
    if form is Format.jsonl:
        print_json(_forms(found))
        return
    rows = (
        (iso(change.at_us)[:16], change.kind, e.host, e.method, called(e), change.what)
        for change, e in found[:ROWS_MAX]
    )
    print_people(table(f"{len(found)} changes", COLUMNS, rows))


def _forms(found: Iterable[Found]) -> Iterator[dict[str, Any]]:
    for change, endpoint in found:
        yield {
            "kind": "change",
            "change": change.kind,
            "at": iso(change.at_us),
            "host": endpoint.host,
            "method": endpoint.method,
            "template": endpoint.template,
            "operation": endpoint.operation,
            "what": change.what,
            "site": endpoint.site,
        }
