"""Signals to a verdict: pure and explainable.

In:   signals: a rule, libinjection or a model that spoke in a place, with its weight there.
Out:  a score per class, 0 to 1, and the classes at or over the threshold.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from services.detect.rules import Match, Rule

ATTACK_SCORE_MIN = 0.5


@dataclass(frozen=True, slots=True)
class Signal:
    """One rule that spoke. `weight` is the rule's, after its context.

    `why`, of a model: the terms of the value that weigh most, with their log-odds.
    """

    class_: str
    rule: Rule
    match: Match
    weight: float
    why: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was decided of a request, and why. `scores` holds the classes that were decided on."""

    scores: Mapping[str, float]
    signals: tuple[Signal, ...]
    overlimit: tuple[str, ...] = ()
    model: str = ""
    """The model that was asked; empty: none."""

    @property
    def surest(self) -> float:
        """The highest score of any class."""
        return max(self.scores.values(), default=0.0)


def score(signals: Iterable[Signal]) -> dict[str, float]:
    """Each class's score: the chance that not all rules err that spoke in one place.

    The rules count as if they were independent, each once, with its greatest weight: repeating a
    payload is no proof. Hints in different places do not add up: each is small by itself.
    """
    best: dict[tuple[str, str, bytes], dict[str, float]] = {}
    for signal in signals:
        point = signal.match.point
        rules = best.setdefault((signal.class_, point.place, point.name), {})
        rules[signal.rule.id] = max(rules.get(signal.rule.id, 0.0), signal.weight)
    scores: dict[str, float] = {}
    for (class_, _, _), rules in best.items():
        scores[class_] = max(scores.get(class_, 0.0), _either(rules.values()))
    return scores


def decided(scores: Mapping[str, float]) -> dict[str, float]:
    """The classes that are called an attack, the surest first."""
    found = [(class_, value) for class_, value in scores.items() if value >= ATTACK_SCORE_MIN]
    return dict(sorted(found, key=lambda pair: (-pair[1], pair[0])))


def _either(weights: Iterable[float]) -> float:
    wrong = 1.0
    for weight in weights:
        wrong *= 1.0 - weight
    return round(1.0 - wrong, 4)
