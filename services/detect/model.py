"""The learned opinion: how much a value reads like those of known attacks.

In:   a point's decoded value.
Out:  a score, 0 to 1, the class that it resembles most, and the terms that made it so.
Keeps: the model, and the scores of values that were asked of late.

The model is linear: a value's terms (words, signs, and each two neighbours; a number counts as 9,
a row of blanks as one) have weights in log-odds, and their sum is compared with a threshold that
was chosen on training data. From there on the opinion is an attack by itself: 0.5. Its opinion is
a signal beside those of the rules, so a model adds to what they find and takes nothing away.
docs/decisions/0062 and docs/model.md.
"""

import hashlib
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import orjson

FORM = 1
# Most values of attacks are shorter; in longer ones, rules find what is in them.
VALUE_BYTES_MAX = 256
# Places where an application takes values from; headers and cookies are full of odd signs, and
# are left to the rules.
PLACES = ("query", "body.form", "body.json", "body.xml", "body.part", "body.grpc")
# Without one of these a value is not asked: it is the first thing that the model looks at.
SIGNS = b"<>'\"`;|$(){}\\*\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d"
# A value that is still encoded is not asked: what it decodes to is a point of its own.
ENCODED = re.compile(rb"%[0-9a-fA-F]{2}")
PLAIN = bytes(c for c in range(256) if c not in SIGNS)
# An opinion below this is none: nobody could explain it.
SCORE_MIN, SCORE_MAX = 0.1, 0.95
TERMS_SHOWN_MAX = 4
# Scores kept: browsers and tools send the same values again.
ASKED_MAX = 4_096
# Terms of a model: it goes through `policy` as one record.
TERMS_MAX = 20_000

_FOLD = bytes(
    57 if 48 <= c < 58 else 32 if c in b" \t\r\n\x0b\x0c" else 128 if c > 127 else c
    for c in bytes(range(256)).lower()
)
_TOKEN = re.compile(rb"[a-z_]+|9+|\x80+| +|[\s\S]")
_ONE = {57: b"9", 32: b" ", 128: b"\x80"}
BEGIN, END, BETWEEN = b"^", b"$", b"\t"


def terms(value: bytes) -> set[bytes]:
    """What the model sees of a value: its tokens, and each two neighbours with a tab between."""
    tokens = [_ONE.get(token[0], token) for token in _TOKEN.findall(value.translate(_FOLD))]
    seen = set(tokens)
    before = BEGIN
    for token in tokens:
        seen.add(before + BETWEEN + token)
        before = token
    seen.add(before + BETWEEN + END)
    return seen


def asked_of(place: str, value: bytes) -> bool:
    """Whether a model is asked: of short values with a sign, where applications take values."""
    return (
        len(value) <= VALUE_BYTES_MAX
        and bool(value.translate(None, PLAIN))
        and value[:1] not in (b"{", b"[")  # documents: their values are points of their own
        and place.startswith(PLACES)
        and not place.endswith(".name")
        and not (b"%" in value and ENCODED.search(value))
    )


@dataclass(frozen=True, slots=True)
class Opinion:
    """What a model says of a value: `why` holds the terms that weigh most, with their log-odds."""

    score: float
    class_: str
    why: tuple[tuple[str, float], ...]


class Model:
    """One model, by its hash."""

    def __init__(self, form: Mapping[str, Any]) -> None:
        """Raises ValueError, in one sentence, where it is no model of a form that is known here."""
        self.hash = hash_of(form)
        try:
            if form["form"] != FORM:
                raise ValueError(f"a model of form {form['form']}, not {FORM}")
            self._bias = float(form["bias"])
            self._threshold = float(form["threshold"])
            self._weights = _weights(form["terms"])
            self._classes = {
                str(name): (float(one["bias"]), _weights(one["terms"]))
                for name, one in form["classes"].items()
            }
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"no model: {error!r}") from error
        if not self._classes:
            raise ValueError("a model without classes")
        self.text = canonical(form).decode()
        """Its canonical JSON: what its hash is of."""
        self.logit = lru_cache(maxsize=ASKED_MAX)(self._logit)

    def score(self, value: bytes) -> float:
        """0 to 1; 0.5 at the threshold."""
        return min(SCORE_MAX, 1 / (1 + math.exp(min(50.0, self._threshold - self.logit(value)))))

    def opinion(self, value: bytes) -> Opinion | None:
        """What the model says; None: nothing worth saying."""
        score = self.score(value)
        if score < SCORE_MIN:
            return None
        seen = terms(value)
        return Opinion(round(score, 4), self._class(seen), self._why(seen))

    def _logit(self, value: bytes) -> float:
        known = self._weights.get
        # fsum rounds once: the order of a set does not change it.
        return self._bias + math.fsum(known(term, 0.0) for term in terms(value))

    def _class(self, seen: set[bytes]) -> str:
        sums = {
            name: bias + math.fsum(weights.get(term, 0.0) for term in seen)
            for name, (bias, weights) in self._classes.items()
        }
        return max(sorted(sums), key=lambda name: sums[name])

    def _why(self, seen: set[bytes]) -> tuple[tuple[str, float], ...]:
        found = [(self._weights[term], term) for term in seen if self._weights.get(term, 0.0) > 0]
        strongest = sorted(found, key=lambda pair: (-pair[0], pair[1]))[:TERMS_SHOWN_MAX]
        return tuple((shown(term), round(weight, 2)) for weight, term in strongest)


def shown(term: bytes) -> str:
    """A term as people may read it: `' or`, `^` and `$` for the value's ends, `9` for a number."""
    return term.replace(BETWEEN, b"").decode("latin-1").encode("unicode_escape").decode()


def hash_of(form: Mapping[str, Any]) -> str:
    """A model's name: SHA-256 of its canonical JSON, the first 16 digits."""
    return hashlib.sha256(canonical(form)).hexdigest()[:16]


def canonical(form: Mapping[str, Any]) -> bytes:
    """JSON of a model, always the same."""
    return orjson.dumps(form, option=orjson.OPT_SORT_KEYS)


def _weights(given: Mapping[str, float]) -> dict[bytes, float]:
    if len(given) > TERMS_MAX:
        raise ValueError(f"a model with more than {TERMS_MAX} terms")
    return {term.encode("latin-1"): float(weight) for term, weight in given.items()}
