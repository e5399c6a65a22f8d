"""How good decisions are: rates with their counts, and the whole trade-off.

In:   samples and a model (None: the rules alone).
Out:  Rates.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from services.detect.model import Model
from services.detect.scoring import ATTACK_SCORE_MIN, score
from services.detect.training.samples import Sample
from services.detect.verdict import decide, nothing_excluded

# A false alarm in a hundred requests costs as much as missing twenty attacks of a hundred.
FALSE_ALARM_COST = 20
CUTS = tuple(number / 20 for number in range(4, 20))


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """Counts of one source, or of all."""

    attacks: int
    found: int
    named: int
    """Of those found, with the right class among the classes."""
    benign: int
    flagged: int
    curve: tuple[tuple[float, float, float], ...]
    """(score from which it is an attack, share of attacks found, share of benign flagged)."""

    @property
    def tpr(self) -> float:
        """Share of attacks that were found; 1 where there are none."""
        return self.found / self.attacks if self.attacks else 1.0

    @property
    def fpr(self) -> float:
        """Share of benign requests that were flagged."""
        return self.flagged / self.benign if self.benign else 0.0

    @property
    def worth(self) -> float:
        """What a choice between models goes by."""
        return self.tpr - FALSE_ALARM_COST * self.fpr


def rates(samples: Sequence[Sample], model: Model | None) -> Rates:
    """The decisions of the product, rules and model together."""
    scored: list[tuple[bool, float]] = []
    found = named = 0
    for one in samples:
        verdict = decide(one.read, nothing_excluded, model)
        scored.append((one.attack, max(score(verdict.signals).values(), default=0.0)))
        if one.attack and verdict.scores:
            found += 1
            named += one.class_ in verdict.scores
    attacks = [value for attack, value in scored if attack]
    benign = [value for attack, value in scored if not attack]
    return Rates(
        attacks=len(attacks), found=found, named=named, benign=len(benign),
        flagged=sum(value >= ATTACK_SCORE_MIN for value in benign),
        curve=tuple((cut, _share(attacks, cut), _share(benign, cut)) for cut in CUTS),
    )  # fmt: skip


def _share(values: Sequence[float], cut: float) -> float:
    return sum(value >= cut for value in values) / len(values) if values else 0.0
