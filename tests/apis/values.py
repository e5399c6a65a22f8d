"""Kinds of values: how one is made, and what a perfect inventory would say of it."""

import random
import string
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Dice = random.Random
Make = Callable[[Dice], Any]
WORDS = ("blue", "green", "river", "stone", "cloud", "field", "north", "south", "amber", "delta")
DNI_LETTERS = "TRWAGMYFPDXBNJZSQVHLCKE"
# IBAN, ISO 13616: two letters and two check digits, modulo 97.
IBAN_DIGITS = 18


def uuid(dice: Dice) -> str:
    """RFC 9562, any version."""
    text = f"{dice.getrandbits(128):032x}"
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


def card(dice: Dice) -> str:
    """Sixteen digits with their Luhn digit."""
    digits = [4, *(dice.randrange(10) for _ in range(14))]
    doubled = [d * 2 - 9 * (d > 4) if i % 2 == 0 else d for i, d in enumerate(digits)]
    return "".join(map(str, [*digits, -sum(doubled) % 10]))


def iban(dice: Dice) -> str:
    """A German one."""
    account = "".join(dice.choices(string.digits, k=IBAN_DIGITS))
    return f"DE{98 - int(account + '131400') % 97:02}{account}"


def dni(dice: Dice) -> str:
    """A Spanish identity number."""
    number = dice.randrange(10**7, 10**8)
    return f"{number}{DNI_LETTERS[number % 23]}"


def day(dice: Dice) -> str:
    """A date."""
    return f"20{dice.randrange(10, 27)}-{dice.randrange(1, 13):02}-{dice.randrange(1, 29):02}"


def moment(dice: Dice) -> str:
    """RFC 3339."""
    return f"{day(dice)}T{dice.randrange(24):02}:{dice.randrange(60):02}:00Z"


def jwt(dice: Dice) -> str:
    """Three parts of base64url."""
    parts = ["".join(dice.choices(string.ascii_letters + string.digits, k=24)) for _ in range(2)]
    return f"eyJ{parts[0]}.eyJ{parts[0]}.{parts[1]}"


def _word(dice: Dice) -> str:
    return f"{dice.choice(WORDS)} {dice.choice(WORDS)}"


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of scalar."""

    make: Make
    type: str
    format: str = ""
    sensitive: str = ""
    names: tuple[str, ...] = ()


KINDS: dict[str, Kind] = {
    "integer": Kind(lambda d: d.randrange(1, 90_000), "integer",
                    names=("quantity", "position", "version", "size", "views", "level")),
    "number": Kind(lambda d: d.randrange(1, 9_000) + 0.25, "number",
                   names=("price", "weight", "ratio", "height")),
    "boolean": Kind(lambda d: d.random() < 0.5, "boolean", names=("active", "visible", "paid")),
    "word": Kind(_word, "string", names=("title", "color", "remark", "kind", "note")),
    "date": Kind(day, "string", "date", names=("due", "since", "day")),
    "moment": Kind(moment, "string", "date-time", names=("createdAt", "updated_at", "expires")),
    "uuid": Kind(uuid, "string", "uuid", names=("reference", "batch", "link")),
    "ip": Kind(lambda d: f"10.{d.randrange(256)}.{d.randrange(256)}.9", "string", "ipv4",
               names=("source", "gateway")),
    "url": Kind(lambda d: f"https://cdn.example/{d.choice(WORDS)}/{d.randrange(99)}", "string",
                "uri", names=("picture", "callbackUrl")),
    "email": Kind(lambda d: f"{d.choice(WORDS)}{d.randrange(99)}@mail.example", "string", "email",
                  "email", ("contact", "owner", "replyTo")),
    "card": Kind(card, "string", "", "card", ("instrument", "funding")),
    "iban": Kind(iban, "string", "", "iban", ("debitor", "payee")),
    "national": Kind(dni, "string", "", "national_id", ("identity", "holder")),
    "phone": Kind(lambda d: f"+49 30 {d.randrange(10**6, 10**7)}", "string", "", "phone",
                  ("line", "hotline")),
    "password": Kind(lambda d: "".join(d.choices(string.ascii_letters, k=12)), "string", "",
                     "credential", ("password", "newPassword", "user_password")),
    "token": Kind(jwt, "string", "", "token", ("ticket", "grant")),
    "person": Kind(lambda d: d.choice(("Ada", "Bo", "Chen", "Dara")), "string", "", "person_name",
                   ("firstName", "last_name", "surname")),
    "street": Kind(lambda d: f"{d.choice(WORDS)} road {d.randrange(1, 90)}", "string", "",
                   "address", ("street", "homeAddress")),
    "diagnosis": Kind(lambda d: d.choice(("flu", "asthma")), "string", "", "health",
                      ("diagnosis", "medication")),
}  # fmt: skip
PLAIN = ("integer", "number", "boolean", "word", "date", "moment", "uuid", "ip", "url")
SENSITIVE = ("email", "card", "iban", "national", "phone", "password", "token", "person", "street",
             "diagnosis")  # fmt: skip

PEOPLE = tuple(
    f"{first}{last}"
    for first in ("ann", "bob", "carl", "dora", "emil", "fay", "gus", "hana", "ivo", "jana",
                  "kim", "lars", "mia", "nils", "olga", "pia", "rafa", "sven", "tina", "ugo")
    for last in ("", "berg", "dahl", "falk", "holm", "kov", "lind", "mar", "nor", "sen")
)  # fmt: skip
VARIABLES: dict[str, tuple[str, Make]] = {
    "id": ("integer", lambda d: d.randrange(1, 99_999)),
    "uuid": ("string", uuid),
    "date": ("string", day),
    "hash": ("string", lambda d: f"a1{d.getrandbits(152):038x}"),
    "slug": ("string", lambda d: f"{d.choice(WORDS)}-{d.choice(WORDS)}-{d.randrange(1000, 9999)}"),
    "locale": ("string", lambda d: d.choice(("de-DE", "en-GB", "fr-FR", "pt-BR"))),
    "email": ("string", lambda d: f"{d.choice(PEOPLE)}@mail.example"),
    "token": ("string", lambda d: "cus_9Q" + "".join(d.choices(string.ascii_letters, k=14))),
    # Nothing about one of them says that it is a value: only their company does.
    "name": ("string", lambda d: d.choice(PEOPLE)),
}
"""What stands in a path, by the name that the inventory gives it: its type, how one is made."""
