"""Near-duplicates: requests whose decoded values are made of nearly the same terms.

In:   samples that may be trained on, samples that will be scored.
Out:  the former without those that resemble one of the latter.
"""

from collections import defaultdict
from collections.abc import Sequence

from services.detect.training.samples import Sample, Terms

# Shared terms over all terms of both (Jaccard). One word or number more or less is still the same.
ALIKE_MIN = 0.8


def without_near_duplicates(samples: Sequence[Sample], scored: Sequence[Sample]) -> list[Sample]:
    """Those that hold no value like one of the scored ones."""
    known = _Index({value for one in scored for value in one.values})
    return [one for one in samples if not any(known.holds(value) for value in one.values)]


def unlike(values: Sequence[Terms], scored: Sequence[Sample]) -> list[Terms]:
    """The values that are like none of the scored ones."""
    known = _Index({value for one in scored for value in one.values})
    return [value for value in values if not known.holds(value)]


class _Index:
    """Values by their rarest terms.

    Two sets that share the given part of their terms share one of the rarest of each, as many as
    may differ and one more (prefix filtering; Chaudhuri et al., 2006).
    """

    def __init__(self, values: set[Terms]) -> None:
        self._often: dict[bytes, int] = defaultdict(int)
        for value in values:
            for term in value:
                self._often[term] += 1
        self._by_term: dict[bytes, list[Terms]] = defaultdict(list)
        for value in values:
            for term in self._rarest(value):
                self._by_term[term].append(value)
        self._exact = values

    def holds(self, value: Terms) -> bool:
        """Whether a value like this one is in the index."""
        if value in self._exact:
            return True
        return any(
            len(value & other) >= ALIKE_MIN * len(value | other)
            for term in self._rarest(value)
            for other in self._by_term.get(term, ())
        )

    def _rarest(self, value: Terms) -> list[bytes]:
        ordered = sorted(value, key=lambda term: (self._often.get(term, 0), term))
        return ordered[: len(ordered) - int(-(-ALIKE_MIN * len(ordered) // 1)) + 1]
