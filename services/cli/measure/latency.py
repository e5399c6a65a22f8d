"""From the last packet of an exchange to its finding: percentiles, and what was lost."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    """What became of the attacks of one run. Times in milliseconds, of the steady part only."""

    exchanges_per_s: int
    expected: int
    found: int
    p50_ms: float
    p99_ms: float
    max_ms: float
    load_1min: float
    """The machine's load average at the end: what else ran stretches every figure here."""

    @classmethod
    def of(
        cls,
        per_s: int,
        ends_us: Mapping[str, int],
        found_us: Mapping[str, int],
        steady_us: int,
        load_1min: float,
    ) -> "Latency":
        """`ends_us` and `found_us` by endpoint; those that end before `steady_us` only count."""
        late_ms = sorted(
            (found_us[name] - at_us) / 1_000
            for name, at_us in ends_us.items()
            if at_us >= steady_us and name in found_us
        )
        return cls(
            exchanges_per_s=per_s,
            expected=len(ends_us),
            found=len(ends_us.keys() & found_us.keys()),
            p50_ms=percentile(late_ms, 50),
            p99_ms=percentile(late_ms, 99),
            max_ms=percentile(late_ms, 100),
            load_1min=load_1min,
        )

    def form(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "kind": "latency",
            "case": "last packet to finding on the topic",
            "exchanges_per_s": self.exchanges_per_s,
            "findings": {"expected": self.expected, "found": self.found},
            "ms": {
                "p50": _said(self.p50_ms),
                "p99": _said(self.p99_ms),
                "max": _said(self.max_ms),
            },
            "load_1min": round(self.load_1min, 2),
        }

    def row(self) -> tuple[object, ...]:
        """For a table: rate, found, expected, milliseconds, load."""
        times = (f"{ms:.0f}" for ms in (self.p50_ms, self.p99_ms, self.max_ms))
        return self.exchanges_per_s, self.found, self.expected, *times, f"{self.load_1min:.1f}"


def percentile(ordered: Sequence[float], of_100: int) -> float:
    """Nearest rank, so always one that was seen; not a number where there is none."""
    if not ordered:
        return float("nan")
    return ordered[max(0, -(-len(ordered) * of_100 // 100) - 1)]


def _said(ms: float) -> float | None:
    """JSON has no word for "not a number"."""
    return None if math.isnan(ms) else round(ms, 1)
