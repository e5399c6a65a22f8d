"""Versions that answers tell, beside a dated list of those with known holes.

The list is data: components.toml says when it was made, and what is older than which version has
which hole. A package of a distribution is left out: it has the fix and keeps the number.
"""

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from schemas.types import Severity
from services.detect.responses.answer import Answer
from services.detect.responses.rules import Proof
from services.detect.rules import Detector

LIST = Path(__file__).parent / "components.toml"
HEADERS = frozenset(
    {
        b"server",
        b"x-powered-by",
        b"x-aspnet-version",
        b"x-generator",
        b"x-jenkins",
        b"x-aspnetmvc-version",
    }
)
# Apache/2.4.49, Jetty(9.4.40.v20210413), nginx/1.18.0
PRODUCT = re.compile(r"([A-Za-z][\w+-]*)[/(]v?(\d+(?:\.\d+)*[a-z]?)")
DISTRIBUTION = re.compile(
    r"ubuntu|debian|centos|red ?hat|fedora|suse|amazon|alma|rocky|oracle linux|freebsd"
    r"|[.+~-](?:deb|el|ubuntu|amzn|fc)\d|\d-\d",
    re.I,
)

LESS: dict[Severity, Severity] = {
    "critical": "high", "high": "medium", "medium": "low", "low": "info", "info": "info",
}  # fmt: skip

WEAKNESS = Detector(
    class_="vulnerable_component",
    title="Component with a known hole",
    advice="Update it, and have it keep its version to itself. If the maker's fix is in without the"
    " number having moved, exclude this finding.",
    severity="medium",
    cwe=("CWE-1395", "CWE-1104"),
    capec=("CAPEC-310",),
    attack=("T1592.002", "T1190"),
    owasp=("A06:2021", "API8:2023"),
    rules=(),
)


@dataclass(frozen=True, slots=True)
class Hole:
    """Versions from `since` on and before `fixed` have it. Versions are tuples of numbers."""

    product: str
    since: tuple[int, ...]
    fixed: tuple[int, ...]
    known_as: str
    severity: Severity
    what: str


def check(answer: Answer) -> Iterator[Proof]:
    """One proof a product: the gravest hole that its version has."""
    if HEADERS.isdisjoint(answer.first):
        return
    for name, value in answer.headers:
        if name in HEADERS:
            for product, version, hole in holes_in(name, value[:256]):
                yield Proof(
                    weakness=WEAKNESS,
                    rule=f"vulnerable_component.{product.replace(' ', '-')}",
                    says=f"the server calls itself {product} {version}, which has {hole.known_as}:"
                    f" {hole.what}",
                    weight=0.7,
                    # A number is no proof: one level less than the hole itself.
                    severity=LESS[hole.severity],
                    where=f"response.header.{name.decode()}",
                    value=value[:256],
                    detail=product,
                    about="host",
                )


@lru_cache(maxsize=1_024)
def holes_in(name: bytes, value: bytes) -> tuple[tuple[str, str, Hole], ...]:
    """(product, version, hole) of a header's value."""
    text = value.decode("latin-1")
    if DISTRIBUTION.search(text):
        return ()
    if name in (b"x-jenkins", b"x-aspnet-version", b"x-aspnetmvc-version"):
        text = f"{name.decode()[2:]}/{text}"
    found = []
    for product, version in PRODUCT.findall(text):
        number = tuple(int(part) for part in re.findall(r"\d+", version)[:5])
        having = [
            hole for hole in known().get(product.lower(), ()) if hole.since <= number < hole.fixed
        ]
        if having and not re.search(r"[a-z]\Z", version):
            found.append((product.lower(), version, having[0]))
    return tuple(found)


@cache
def known() -> dict[str, tuple[Hole, ...]]:
    """The list, by product."""
    data = tomllib.loads(LIST.read_text())
    table: dict[str, list[Hole]] = {}
    for row in data["hole"]:
        hole = Hole(
            product=row["product"],
            since=_version(row.get("since", "0")), fixed=_version(row["fixed"]),
            known_as=row["known_as"], severity=row["severity"], what=row["what"],
        )  # fmt: skip
        table.setdefault(hole.product, []).append(hole)
    order = ("critical", "high", "medium", "low", "info")
    return {
        name: tuple(sorted(holes, key=lambda hole: order.index(hole.severity)))
        for name, holes in table.items()
    }


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split("."))
