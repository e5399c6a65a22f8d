"""Samples to a model: logistic regressions over the terms of values.

In:   samples; values that nobody attacks with.
Out:  a model's form (services/detect/model.py), its threshold chosen on the same data.

An attack has one value that makes it one and others that are ordinary: the one that the model of
the round before finds worst is taken for it. Equal values count once, after decoding and with
numbers as 9, so that long lists of one payload weigh no more than one.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression

from services.detect.context import is_text
from services.detect.detectors import DETECTORS
from services.detect.model import FORM, TERMS_MAX, asked_of, terms
from services.detect.training.samples import Sample, Terms

# Rounds of choosing the value that makes an attack.
ROUNDS = 2
# A term in fewer values than this says nothing of other people's traffic; nor does one that only
# one of several sources has, unless it is in the ordinary values, which are ours. And a word has a
# weight only if the ordinary values or the rules have it: a model goes to many places, and must
# not carry what somebody's requests said.
VALUES_OF_TERM_MIN = 3
SOURCES_OF_TERM_MIN = 2
REGULARISATION = 0.3
# Weights nearer to zero are left out, and all are rounded: the model is a record on a topic.
WEIGHT_MIN, CLASS_WEIGHT_MIN, DIGITS = 0.01, 0.3, 2
# The threshold is where one in so many values of a kind would pass that a model never saw the kind
# of, at the worst kind, and never below odds of twenty to one: what a deployment calls ordinary is
# not in our lists.
FALSE_ALARM_RATE = 1e-3
THRESHOLD_MIN = 3.0
# A class with fewer values is never named by the model.
VALUES_OF_CLASS_MIN = 12


# A word as services/detect/model.py cuts them, and what is no word in a pattern.
WORD = re.compile(rb"[a-z_]{2,}")
ESCAPE = re.compile(r"\\[A-Za-z]|\(\?[a-z]+")

Kinds = Mapping[str, Sequence[Terms]]


@dataclass(frozen=True, slots=True)
class Values:
    """What a model is fitted to, each distinct set of terms once."""

    ordinary: list[Terms]
    attacks: list[tuple[Terms, str]]


def ordinary_terms(values: Iterable[bytes]) -> list[Terms]:
    """The terms of values that a model would be asked of."""
    asked = (value for value in values if asked_of("query", value) and not is_text(value))
    return list(dict.fromkeys(frozenset(terms(value)) for value in asked))


def fitted(samples: Sequence[Sample], kinds: Kinds) -> dict[str, Any]:
    """A model of these samples, with these values by kind beside the benign ones among them.

    Raises TooFewError where there is nothing to learn from.
    """
    ordinary = list(dict.fromkeys(value for kind in kinds.values() for value in kind))
    benign = [value for one in samples if not one.attack for value in one.values]
    negatives = list(dict.fromkeys([*ordinary, *benign]))
    attacks = [one for one in samples if one.attack and one.values]
    chosen = [max(one.values, key=lambda value: (len(value), sorted(value))) for one in attacks]
    names = _vocabulary(samples, ordinary)
    vectors = CountVectorizer(analyzer=sorted, binary=True, vocabulary=names)
    for _ in range(ROUNDS):
        matrix, labels = _matrix(_values(negatives, attacks, chosen), vectors)
        model = _regression().fit(matrix, labels)
        chosen = [_worst(one.values, vectors, model) for one in attacks]
    values = _values(negatives, attacks, chosen)
    matrix, labels = _matrix(values, vectors)
    model = _regression().fit(matrix, labels)
    return {
        "form": FORM,
        "bias": round(float(model.intercept_[0]), DIGITS),
        "threshold": _threshold(values, kinds, vectors),
        "terms": _kept(names, model.coef_[0], WEIGHT_MIN),
        "classes": _classes(values, vectors, names),
    }


class TooFewError(ValueError):
    """The attacks hold too few different values; its text is one sentence."""


def _regression() -> Any:
    return LogisticRegression(C=REGULARISATION, max_iter=400, solver="liblinear")


def _values(
    negatives: Sequence[Terms], attacks: Sequence[Sample], chosen: Sequence[Terms]
) -> Values:
    known = {value: one.class_ for value, one in zip(chosen, attacks, strict=True)}
    # The same value under both labels says nothing.
    both = known.keys() & set(negatives)
    pairs = [(value, class_) for value, class_ in known.items() if value not in both]
    return Values([value for value in negatives if value not in both], pairs)


def _vocabulary(samples: Sequence[Sample], ordinary: Sequence[Terms]) -> list[bytes]:
    """The terms that may have a weight."""
    ours = Counter(term for value in ordinary for term in value)
    theirs = Counter(term for value in _distinct(samples) for term in value)
    sources: dict[bytes, set[str]] = defaultdict(set)
    for one in samples:
        for term in frozenset().union(*one.values):
            sources[term].add(one.source)
    least = min(SOURCES_OF_TERM_MIN, len({one.source for one in samples}))
    public = ours.keys() | _words_of_rules()
    return sorted(
        term
        for term in ours.keys() | theirs.keys()
        if ours[term] + theirs[term] >= VALUES_OF_TERM_MIN
        and (ours[term] >= VALUES_OF_TERM_MIN or len(sources[term]) >= least)
        and all(word in public for word in WORD.findall(term))
    )


def _words_of_rules() -> set[bytes]:
    patterns = (rule.pattern for detector in DETECTORS for rule in detector.rules)
    plain = (ESCAPE.sub(" ", pattern).lower().encode() for pattern in patterns)
    return {word for pattern in plain for word in WORD.findall(pattern)}


def _distinct(samples: Sequence[Sample]) -> set[Terms]:
    return {value for one in samples for value in one.values}


def _matrix(values: Values, vectors: Any) -> tuple[csr_matrix, Any]:
    matrix = vectors.transform([*values.ordinary, *(value for value, _ in values.attacks)])
    labels = np.r_[np.zeros(len(values.ordinary)), np.ones(len(values.attacks))]
    return matrix, labels


def _worst(values: tuple[Terms, ...], vectors: Any, model: Any) -> Terms:
    if len(values) == 1:
        return values[0]
    return values[int(np.argmax(model.decision_function(vectors.transform(values))))]


def _threshold(values: Values, kinds: Kinds, vectors: Any) -> float:
    """From each kind of ordinary values, by a model of all others."""
    passing = [THRESHOLD_MIN]
    for held in kinds.values():
        if not held:
            continue
        rest = set(values.ordinary).difference(held)
        others = Values([value for value in values.ordinary if value in rest], values.attacks)
        model = _regression().fit(*_matrix(others, vectors))
        ranked = np.sort(model.decision_function(vectors.transform(held)))
        passing.append(float(ranked[-max(1, int(len(ranked) * FALSE_ALARM_RATE))]))
    return round(max(passing), DIGITS)


def _classes(values: Values, vectors: Any, names: Sequence[bytes]) -> dict[str, Any]:
    counts: dict[str, int] = {}
    for _, class_ in values.attacks:
        counts[class_] = counts.get(class_, 0) + 1
    named = [pair for pair in values.attacks if counts[pair[1]] >= VALUES_OF_CLASS_MIN]
    matrix = vectors.transform([value for value, _ in named])
    classes = np.array([class_ for _, class_ in named])
    found: dict[str, Any] = {}
    if not named:
        raise TooFewError(
            f"no class of attacks has {VALUES_OF_CLASS_MIN} different values that a model could"
            " learn: short ones with signs in them, in a query, a form, JSON or a path"
        )
    for class_ in sorted(set(classes)):
        one = _regression().fit(matrix, classes == class_) if len(set(classes)) > 1 else None
        found[str(class_)] = {
            "bias": round(float(one.intercept_[0]), DIGITS) if one else 0.0,
            "terms": _kept(names, one.coef_[0], CLASS_WEIGHT_MIN) if one else {},
        }
    return found


def _kept(names: Sequence[bytes], weights: Any, least: float) -> Mapping[str, float]:
    """The terms that weigh most, as many as a model may have."""
    pairs = (
        (round(float(weight), DIGITS), name) for name, weight in zip(names, weights, strict=True)
    )
    heaviest = sorted(pairs, key=lambda pair: (-abs(pair[0]), pair[1]))[:TERMS_MAX]
    kept = {name.decode("latin-1"): weight for weight, name in heaviest if abs(weight) >= least}
    return dict(sorted(kept.items()))
