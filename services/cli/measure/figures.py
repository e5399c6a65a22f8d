"""Rounds to figures: medians with their spread, and ratios taken round by round."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any


@dataclass(frozen=True, slots=True)
class Figure:
    """The median of some rounds, and the least and greatest of them."""

    median: float
    least: float
    most: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Figure":
        """Of at least one round."""
        return cls(median(values), min(values), max(values))

    def form(self) -> dict[str, float]:
        """As JSON."""
        named = {"median": self.median, "min": self.least, "max": self.most}
        return {name: float(f"{value:.5g}") for name, value in named.items()}

    def __str__(self) -> str:
        return f"{_short(self.median)} ({_short(self.least)} – {_short(self.most)})"


@dataclass(frozen=True, slots=True)
class Case:
    """One thing measured: so many units in each round's CPU seconds."""

    name: str
    unit: str
    units: int
    cpu_s: Sequence[float]

    @property
    def rate(self) -> Figure:
        """Units per CPU second."""
        return Figure.of([self.units / max(seconds, 1e-9) for seconds in self.cpu_s])

    def times(self, peer: "Case") -> Figure:
        """How much less CPU than a peer for the same input, round by round as they were run."""
        return Figure.of([p / max(s, 1e-9) for s, p in zip(self.cpu_s, peer.cpu_s, strict=True)])

    def form(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "kind": "bench",
            "case": self.name,
            "unit": self.unit,
            "units": self.units,
            "per_cpu_s": self.rate.form(),
            "cpu_s": Figure.of(self.cpu_s).form(),
            "rounds": len(self.cpu_s),
        }


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
