"""`sidetap endpoints --compare`: the inventory beside a description."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from services.cli.descriptions.described import hosts, operations
from services.cli.descriptions.differences import KINDS, Comparison, differences, hosts_of
from services.cli.descriptions.document import Json, load
from services.cli.output import Format, print_json, print_people, say, table

COLUMNS = ("difference", "host", "method", "path", "where", "requests#")
ROWS_MAX = 500


def compared(endpoints: Sequence[Json], now: Path, before: Path | None) -> list[Json]:
    """Differences, by kind. Raises RefusedError where a description cannot be read."""
    tree = load(now)
    older = _comparison(load(before), endpoints) if before else None
    newer = _comparison(tree, endpoints)
    ours = hosts_of(endpoints, newer, hosts(tree))
    kept = [endpoint for endpoint in endpoints if endpoint["host"] in ours]
    if not kept:
        say(f"sidetap: nothing that {now} describes was seen: every operation of it is an orphan.")
    found = differences(kept, newer, older)
    return sorted(found, key=lambda one: KINDS.index(one["difference"]))


def _comparison(tree: Json, endpoints: Sequence[Json]) -> Comparison:
    """Behind a gateway the base path of a description may not be on the wire."""
    described = tuple(operations(tree))
    with_base = Comparison(described)
    if not any(any(one.bases) for one in described) or any(map(with_base.of, endpoints)):
        return with_base
    without = Comparison(described, with_base=False)
    if not any(map(without.of, endpoints)):
        return with_base
    say("sidetap: no path has the description's base path: compared without it.")
    return without


def show(found: Sequence[Json], form: Format) -> None:
    """JSON lines, or a table with what there is most of first."""
    if form is Format.jsonl:
        print_json(found)
        return
    counts = Counter(one["difference"] for one in found)
    title = ", ".join(f"{counts[kind]} {kind}" for kind in KINDS if counts[kind])
    print_people(table(title or "no difference", COLUMNS, map(_row, found[:ROWS_MAX])))


def _row(one: Json) -> tuple[Any, ...]:
    path = " ".join(filter(None, (one["template"] or one["described"], one["operation"])))
    return one["difference"], one["host"], one["method"], path, one["where"], one["count"]
