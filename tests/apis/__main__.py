"""`python -m tests.apis`: how much discovery finds of a made world of twelve APIs.

Prints precision and recall by question, what is planted and found, how much of the traffic a stub
of the exported description takes, and whether the inventory is the same in whatever order the
partitions come; exit 1 where a figure is below its target.
"""

import argparse
import sys
import time
from collections.abc import Iterator
from itertools import islice

from schemas.types import Exchange
from services.cli.openapi import document
from services.discovery.settings import Settings
from tests.apis.described import descriptions
from tests.apis.inventories import in_orders, observed
from tests.apis.planted import planted
from tests.apis.score import scored
from tests.apis.stub import taken
from tests.apis.world import WILDCARDS, World, calls, world
from tests.inventory import Operations

# What is found of what is there, and what is there of what is told.
TARGETS = {"operations": 0.99, "templates": 0.99}
TARGET = 0.97
TARGET_TAKEN = 0.99
# Validating costs more than all else: one exchange in so many.
STUB_EVERY, REASONS_SHOWN = 10, 5
SETTINGS = Settings(wildcard_hosts=WILDCARDS)


def main() -> int:
    """Run it."""
    parser = argparse.ArgumentParser(prog="python -m tests.apis")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--operations", type=int, default=2_000)
    parser.add_argument("--exchanges", type=int, default=500_000)
    parser.add_argument("--partitions", type=int, default=12)
    parser.add_argument("--show", type=int, default=0, help="so many mistakes of each question")
    chosen = parser.parse_args()
    began_s = time.monotonic()
    made = world(chosen.seed, chosen.operations)
    traffic = calls(chosen.seed, made, chosen.exchanges)
    told, total = observed(traffic, chosen.partitions, SETTINGS)
    print(f"{len(made.operations)} operations, {total} records, "
          f"{time.monotonic() - began_s:.0f} s", flush=True)  # fmt: skip
    inventories = in_orders(told, chosen.seed, SETTINGS)
    first = inventories[0]
    good = _show(made, first, chosen.show)
    good &= _planted(made, first)
    good &= _taken(first, calls(chosen.seed, made, chosen.exchanges))
    same = True
    for other in inventories[1:]:
        differing = [key for key in first.keys() | other.keys() if first.get(key) != other.get(key)]
        same &= not differing
        for key in sorted(differing)[: chosen.show]:
            print(f"    differs {key}")
    print(f"the same inventory in {len(inventories)} orders of partitions: {same}")
    print(f"{time.monotonic() - began_s:.0f} s")
    return 0 if good and same else 1


def _show(made: World, told: Operations, mistakes: int) -> bool:
    """Precision and recall of each question; whether all are good enough."""
    good = True
    for question, figure in scored(made, told.values()).items():
        least = TARGETS.get(question, TARGET)
        good &= min(figure.recall, figure.precision) >= least
        print(f"{question:16} recall {figure.recall:.4f}  precision {figure.precision:.4f}"
              f"  of {len(figure.there)}", flush=True)  # fmt: skip
        for name, those in (("missed", figure.there - figure.told),
                            ("invented", figure.told - figure.there)):  # fmt: skip
            for fact in sorted(those, key=str)[:mistakes]:
                print(f"    {name} {fact}")
    return good


def _taken(told: Operations, traffic: Iterator[Exchange]) -> bool:
    """Whether a stub made from the exported description takes the traffic."""
    total, fitting, reasons = taken(document(told.values()), islice(traffic, 0, None, STUB_EVERY))
    share = fitting / total
    print(f"a stub of the export takes {share:.4f} of {total} successful requests", flush=True)
    for reason, count in sorted(reasons.items(), key=lambda found: -found[1])[:REASONS_SHOWN]:
        print(f"    {count} {reason}")
    return share >= TARGET_TAKEN


def _planted(made: World, told: Operations) -> bool:
    """Whether what was planted was found, and nothing else."""
    figure = planted(made, told.values(), descriptions(made))
    for kind in ("shadow", "zombie", "orphan"):
        there = {fact for fact in figure.there if fact[0] == kind}
        found = {fact for fact in figure.told if fact[0] == kind}
        print(
            f"{kind:16} {len(there & found)} of {len(there)} found, {len(found - there)} invented"
        )
    admitted = sum(endpoint.admitted for endpoint in told.values())
    print(f"{admitted} admitted, {len(told) - admitted} more seen")
    return figure.recall == figure.precision == 1


if __name__ == "__main__":
    sys.exit(main())
