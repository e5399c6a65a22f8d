"""Which places of an operation hold data that must not get into wrong hands.

In:     shapes with the kinds that native code saw in values, and the names around them.
Out:    kinds with a score from 0 to 1, place by place.

A value's form and check digits say most (native/src/outline/personal.rs); what has no form, a
password or a diagnosis, is told by the words of its name. Both together say more than either.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from services.discovery.shape import Shape

# Of the bodies or texts at a place so many must hold a kind: one address in a thousand comments
# does not make comments addresses. Others are kept where a single one was seen: it is a leak.
SHARE_MIN = 0.1
RARE = frozenset(("secret", "token"))
# Other numbers have these check digits by chance: most must have them.
CHANCE = frozenset(("card", "national_id"))
CHANCE_SHARE_MIN = 0.5
# Scores: what the form says, what the name says. From SCORE_MIN on it is told.
FORM, CHECKED, NAMED = 0.7, 0.9, 0.5
SCORE_MIN = 0.5
WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")

# Names as words in small letters; each entry is one kind, each line alternatives.
NAMES: Mapping[str, tuple[str, ...]] = {
    "credential": (
        "password", "passwd", "pwd", "passphrase", "passcode", "pin", "otp", "cvv", "cvc", "cvv 2",
        "secret", "client secret", "private key", "api key", "security code", "mfa code",
    ),
    "token": ("access token", "refresh token", "id token", "auth token", "session token", "jwt"),
    "card": ("card number", "pan", "credit card", "cc number", "card no"),
    "iban": ("iban",),
    "financial": (
        "account number", "sort code", "routing number", "bic", "swift", "salary", "income",
        "balance", "credit score", "tax id", "vat number", "net worth",
    ),
    "national_id": (
        "ssn", "social security number", "national id", "passport number", "passport no", "nin",
        "personal number", "identity number", "driver license", "driving licence", "nino", "cpf",
    ),
    "phone": ("phone", "phone number", "mobile", "mobile number", "telephone", "msisdn", "cell"),
    "email": ("email", "e mail", "email address", "mail address"),
    "birth_date": ("dob", "birth date", "date of birth", "birthday", "birthdate"),
    "person_name": (
        "first name", "last name", "surname", "given name", "family name", "full name",
        "maiden name", "firstname", "lastname",
    ),
    "address": (
        "street", "street address", "home address", "postal code", "postcode", "zip code", "zip",
        "address line", "shipping address", "billing address",
    ),
    "health": (
        "diagnosis", "diagnoses", "medication", "allergies", "allergy", "blood type", "icd",
        "icd 10", "medical record", "insurance number", "patient id", "disease",
    ),
    "location": ("latitude", "longitude", "lat", "lng", "geo location"),
}  # fmt: skip
_KINDS = {name: kind for kind, names in NAMES.items() for name in names}
_WORDS_MAX = max(len(name.split()) for name in _KINDS)


@dataclass(frozen=True, slots=True, order=True)
class Found:
    """A kind at a place; `path` from the root of a body as $.a[].b, empty for a parameter."""

    path: str
    kind: str
    score: float


def places(shape: Shape, name: str = "", path: str = "$") -> Iterator[Found]:
    """What a body holds, at every place in it."""
    for kind, score in sorted(kinds(shape, name).items()):
        yield Found(path, kind, score)
    for inner, below in sorted(shape.properties.items()):
        yield from places(below, inner, f"{path}.{inner}")
    if shape.other is not None:
        yield from places(shape.other, name, f"{path}.*")
    if shape.items is not None:
        yield from places(shape.items, name, f"{path}[]")


def kinds(shape: Shape, name: str) -> dict[str, float]:
    """The kinds at one place, by their values and its name."""
    total = shape.strings + shape.integers + shape.numbers
    if not total:
        return {}
    found: dict[str, float] = {}
    for kind, count in shape.sensitive.items():
        share = CHANCE_SHARE_MIN if kind in CHANCE else 0 if kind in RARE else SHARE_MIN
        if count > share * total:
            found[kind] = CHECKED if kind in CHANCE or kind == "iban" else FORM
    named = named_kind(name)
    if named and _possible(named, shape):
        found[named] = round(min(1.0, found.get(named, 0) + NAMED), 2)
    return {kind: score for kind, score in found.items() if score >= SCORE_MIN}


def named_kind(name: str) -> str:
    """The kind that a name speaks of, by its last words; empty: none."""
    words = [word.lower() for word in WORD.findall(name)]
    for count in range(_WORDS_MAX, 0, -1):
        kind = _KINDS.get(" ".join(words[-count:])) if count <= len(words) else None
        if kind:
            return kind
    return ""


def _possible(kind: str, shape: Shape) -> bool:
    """A form that contradicts the name wins: an e-mail setting that is true or false is none."""
    if kind == "email":
        return "email" in shape.formats
    if kind in ("person_name", "address", "health", "iban"):
        return bool(shape.strings)
    return True
