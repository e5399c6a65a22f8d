"""How well a behaviour is told from what looks like it, and what it takes to say so.

A scene is generated traffic of some clients; those named by it must be found, and nobody else.
`python -m tests.unit.browsing` prints what comes out; docs/behaviours.md is compared with it.
"""

import re
from collections.abc import Callable, Mapping, Sequence
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
Scene = Callable[[], Traffic]
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
class Behaviour:
    """What must be found and what must not, and who says what of a scene.

    `expected`: of each attack, the class or rule that names it. `tell`: what is found in a scene.
    """

    name: str
    expected: Mapping[Scene, str]
    look_alikes: Sequence[Scene]
    tell: Callable[[Scene], Sequence[Finding]]
    crowd: bool = False
    """Findings name no client: any that is no attack's is wrong."""

    def found(self, attack: Scene) -> bool:
        """Whether the attack is named, and its client where it has one."""
        told_of = self.flagged(attack)
        return bool(told_of) if self.crowd else ATTACKER in told_of

    def flagged(self, scene: Scene) -> set[str]:
        """Clients that are flagged by this behaviour; findings where many act as one."""
        names = {self.expected[scene]} if scene in self.expected else set(self.expected.values())
        told_of = [one for one in self.tell(scene) if names & {one.class_, one.rule}]
        return {one.id if self.crowd else one.client for one in told_of}

    def score(self) -> "Score":
        """Precision over all scenes, recall over attacks."""
        found = sum(map(self.found, self.expected))
        wrong = sum(len(self.flagged(scene)) for scene in self.look_alikes)
        if not self.crowd:
            wrong += sum(len(self.flagged(scene) - {ATTACKER}) for scene in self.expected)
        precision = found / (found + wrong) if found else 0.0
        return Score(
            len(self.expected), len(self.look_alikes), precision, found / len(self.expected)
        )


@dataclass(frozen=True, slots=True)
class Score:
    """Of a behaviour's scenes."""

    attacks: int
    look_alikes: int
    precision: float
    recall: float


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
