"""How well a behaviour is told from what looks like it, and what it takes to say so.

A scene is generated traffic of some clients; those named by it must be found, and nobody else.
The table in docs/behaviours.md says what comes out, and is compared with it.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from sidetap_native import Exchange as NativeExchange

from schemas.codec import decode
from schemas.types import Exchange, Finding, Watermark
from services.browsing.core import BrowsingCore
from services.browsing.settings import Settings
from services.runtime.core import Changes
from services.runtime.masking import Masker
from tests.traffic import run

DOCUMENT = Path(__file__).parents[3] / "docs" / "behaviours.md"
Traffic = Sequence[Exchange | Watermark]
ATTACKER = "203.0.113.9"


def core(**settings: object) -> BrowsingCore:
    """With the settings of a deployment that says nothing but these."""
    return BrowsingCore(Settings(**settings), Masker(b"key"), NativeExchange)  # type: ignore[arg-type]


def findings(changes: Changes) -> list[Finding]:
    """In the order in which they were told."""
    records = [out.value for out in changes.outputs if out.topic == "findings"]
    return [decode(value) for value in records if value]


def ordered(*parts: Traffic) -> list[Exchange | Watermark]:
    """Traffic that goes on at the same time."""
    return sorted((one for part in parts for one in part), key=lambda one: one.at_us)


@dataclass(frozen=True, slots=True)
class Score:
    """Of a behaviour's scenes."""

    attacks: int
    look_alikes: int
    precision: float
    recall: float


def score(
    classes: set[str],
    attacks: Sequence[Callable[[], Traffic]],
    look_alikes: Sequence[Callable[[], Traffic]],
) -> Score:
    """An attack is found when its attacker is, by one of the classes, and nobody else is."""
    return score_of(told, classes, attacks, look_alikes)


def score_of(
    tell: Callable[[Callable[[], Traffic]], Sequence[Finding]],
    classes: set[str],
    attacks: Sequence[Callable[[], Traffic]],
    look_alikes: Sequence[Callable[[], Traffic]],
) -> Score:
    """The same of what `tell` says of a scene."""

    def flagged(make: Callable[[], Traffic]) -> set[str]:
        return {one.client for one in tell(make) if one.class_ in classes}

    found = wrong = 0
    for make in attacks:
        clients = flagged(make)
        found += ATTACKER in clients
        wrong += len(clients - {ATTACKER})
    for make in look_alikes:
        wrong += len(flagged(make))
    precision = found / (found + wrong) if found else 0.0
    return Score(len(attacks), len(look_alikes), precision, found / len(attacks))


@cache
def told(make: Callable[[], Traffic]) -> list[Finding]:
    """What is found in a scene."""
    return findings(run(core(), make()))


def documented(behaviour: str) -> Score:
    """What docs/behaviours.md says of it."""
    row = re.search(
        rf"^\| {re.escape(behaviour)} \| (\d+) \| (\d+) \| ([\d.]+) \| ([\d.]+) \|$",
        DOCUMENT.read_text(),
        re.M,
    )
    assert row, f"docs/behaviours.md has no row for {behaviour}"
    return Score(int(row[1]), int(row[2]), float(row[3]), float(row[4]))
