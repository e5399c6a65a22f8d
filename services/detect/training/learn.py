"""Training as a whole: what is held back, what is fitted, whether it may replace the active model.

In:   samples of several sources.
Out:  a model's form with its rates, and those of the active model, on what was held back; rates
      of models that never saw a source, on that source.
"""

import hashlib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from services.detect.model import Model
from services.detect.training.duplicates import unlike, without_near_duplicates
from services.detect.training.fit import Kinds, fitted, ordinary_terms
from services.detect.training.literals import literal_values
from services.detect.training.ordinary import KINDS, ordinary_values
from services.detect.training.rates import Rates, rates
from services.detect.training.samples import Sample

# One request of so many is held back; near-duplicates of it are not trained on.
HELD_ONE_IN = 5
ORDINARY_VALUES = 10_000


@dataclass(frozen=True, slots=True)
class Trained:
    """A new model beside the active one, on the requests that were held back."""

    form: dict[str, Any]
    new: Rates
    active: Rates
    trained_on: int
    held_back: int

    @property
    def worse(self) -> bool:
        """Whether the active model must stay."""
        return self.new.worth < self.active.worth


@dataclass(frozen=True, slots=True)
class LeftOut:
    """One source: the rules alone, a model that never saw it or its kin, and the full model."""

    source: str
    rules: Rates
    unseen: Rates
    seen: Rates


def ordinary() -> Kinds:
    """What is always trained on beside the samples: it makes up for scarce benign traffic."""
    made = {kind: ordinary_terms(ordinary_values(kind, ORDINARY_VALUES)) for kind in KINDS}
    return {**made, "literals": ordinary_terms(literal_values())}


def trained(samples: Sequence[Sample], plain: Kinds, active: Model | None) -> Trained:
    """A model of four fifths of the samples, judged on the fifth."""
    held = [one for number, one in enumerate(samples) if held_back(one, number)]
    rest = [one for number, one in enumerate(samples) if not held_back(one, number)]
    kept = without_near_duplicates(rest, held)
    form = fitted(kept, _unlike(plain, held))
    return Trained(
        form, rates(held, Model(form)), rates(held, active), len(kept), len(held)
    )  # fmt: skip


def left_out(
    samples: Sequence[Sample],
    scored: Sequence[Sample],
    plain: Kinds,
    model: Model,
    kin: Collection[frozenset[str]],
) -> Iterator[LeftOut]:
    """For each source among the samples and among those that are only scored.

    `kin` names sources that have parts in common: none of them is trained on for the other.
    """
    for source in dict.fromkeys(one.source for one in [*samples, *scored]):
        relatives = {source}.union(*(group for group in kin if source in group))
        test = [one for one in [*samples, *scored] if one.source == source]
        others = [one for one in samples if one.source not in relatives]
        others = without_near_duplicates(others, test)
        if not any(one.attack and one.values for one in others):
            continue
        form = fitted(others, _unlike(plain, test))
        yield LeftOut(
            source, rates(test, None), rates(test, Model(form)), rates(test, model)
        )  # fmt: skip


def _unlike(kinds: Kinds, scored: Sequence[Sample]) -> Kinds:
    return {kind: unlike(values, scored) for kind, values in kinds.items()}


def held_back(one: Sample, number: int) -> bool:
    """Whether a model is judged on it and not trained: by content, so equal ones are together.

    `number`: its place among the samples, for those that have no value to go by.
    """
    name = repr([sorted(value) for value in one.values]) if one.values else str(number)
    return hashlib.sha256(name.encode()).digest()[0] % HELD_ONE_IN == 0
