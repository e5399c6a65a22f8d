"""Values that nobody attacks with, made up: labelled traffic holds too few that look odd.

In:   a kind, and how many.
Out:  values of people (names, addresses, notes in many languages; the words are Faker's) and of
      programs (analytics, queries, code, styles); with one release of Faker always the same, a shorter
      list the head of a longer one.
"""

import base64
import itertools
import re
import string
from collections.abc import Callable, Iterator

from faker import Faker

from services.detect.training.templates import MACHINES, PEOPLE

SEED = 62
KINDS = {"people": PEOPLE, "programs": MACHINES}
LOCALES = (
    "en_US", "en_GB", "fr_FR", "it_IT", "de_DE", "es_ES", "pt_BR", "nl_NL", "pl_PL", "sv_SE",
    "tr_TR", "cs_CZ", "ru_RU", "uk_UA", "el_GR", "ja_JP", "zh_CN", "ko_KR", "ar_AA", "he_IL",
    "hi_IN", "fr_CA", "en_IE", "vi_VN",
)  # fmt: skip
FIELD = re.compile("«([A-Za-z0-9]+)»")
ESCAPE = re.compile(r"\\([\\nrt])")
ESCAPED = {"\\": "\\", "n": "\n", "r": "\r", "t": "\t"}
EMOTICONS = (
    ":)",
    ":-)",
    ";)",
    ";-)",
    ":(",
    ":'(",
    ":D",
    ":|",
    "<3",
    "(:",
    "^^",
    ">:(",
    "*g*",
    "\\o/",
)
CONTRACTIONS = (
    "it's", "don't", "I'm", "what's", "you're", "can't", "we'll", "let's", "who's", "isn't", "c'est",
    "j'ai", "l'ami", "d'accord", "qu'il", "n'est", "aujourd'hui", "dell'arte", "un'altra", "'s avonds",
    "geht's", "rock 'n' roll", "'90s", "o'clock", "ma'am", "y'all",
)  # fmt: skip
# What programs put between the parts of a list, and people around a word.
BETWEEN = (
    ";",
    "|",
    "; ",
    " | ",
    "*",
    "$",
    "\t",
    "\n",
    "||",
    "\\",
    "','",
    '","',
    "|;",
    "~|",
    ")(",
    ":(",
)
AROUND = ("''", '""', "()", "<>", "``", "{}", "**", "$$", "||", "\\\\", "' ", ' "', " ;", "( ")
PARTS = (
    "word",
    "small",
    "ident",
    "hex",
    "Word",
    "base64",
    "uuid",
    "first",
    "date",
    "price",
    "city",
)
DATES = ("{2:02}.{1:02}.{0:04}", "{0:04}-{1:02}-{2:02}", "{1:02}/{2:02}/{0:04}")
# Of so many values, one list, one wrapped and one binary; the others follow a template.
EVERY = 10


def ordinary_values(kind: str, count: int) -> Iterator[bytes]:
    """The first `count` values of a list that has no end. `kind` is one of KINDS."""
    return itertools.islice(_Writer(KINDS[kind]).values(), count)


class _Writer:
    """Fills templates by chance, which is Faker's, from a seed."""

    def __init__(self, templates: str) -> None:
        self._people = [Faker(locale) for locale in LOCALES]
        for number, one in enumerate(self._people):
            one.seed_instance(SEED + number)
        self._one = self._people[0]
        self._chance = self._one.random
        self._templates = [line for line in templates.splitlines() if line]
        self._fields = _fields(self)

    def values(self) -> Iterator[bytes]:
        """Without end."""
        odd: tuple[Callable[[], bytes], ...] = (self._list, self._wrapped, self._binary)
        for number in itertools.count():
            self._one = self._people[number % len(self._people)]
            kind = number % EVERY
            yield odd[kind]() if kind < len(odd) else self._filled()

    def pick(self, given: tuple[str, ...]) -> str:
        """One of them."""
        return str(self._chance.choice(given))

    def number(self, low: int, high: int) -> int:
        """From low to high."""
        return int(self._chance.randint(low, high))

    def random_bytes(self, low: int, high: int) -> bytes:
        """As many as chance has it."""
        return bytes(self._chance.randbytes(self.number(low, high)))

    def date(self) -> tuple[int, int, int]:
        """Year, month and day; Faker's own dates end today."""
        return self.number(1950, 2030), self.number(1, 12), self.number(1, 28)

    def time(self) -> str:
        """HH:MM:SS."""
        return f"{self.number(0, 23):02}:{self.number(0, 59):02}:{self.number(0, 59):02}"

    def faker(self) -> Faker:
        """The language of this value."""
        return self._one

    def word(self) -> str:
        """One word, in the value's language or in English."""
        one = self._one if self._chance.random() < 0.6 else self._people[0]
        return str(one.word()).strip(".")

    def field(self, name: str) -> str:
        """What stands for a field."""
        return self._fields[name]()

    def _filled(self) -> bytes:
        template = self._chance.choice(self._templates)
        plain = ESCAPE.sub(lambda found: ESCAPED[found[1]], template)
        return FIELD.sub(lambda found: self.field(found[1]), plain).encode()

    def _list(self) -> bytes:
        between = self.pick(BETWEEN)
        parts = [self.field(self.pick(PARTS)) for _ in range(self.number(2, 7))]
        return between.join(parts).encode()

    def _wrapped(self) -> bytes:
        around = self.pick(AROUND)
        part = self.field(self.pick(PARTS))
        return f"{around[0]}{part}{around[1]}".encode()

    def _binary(self) -> bytes:
        """What a base64 value or a field of a protocol holds that is no text."""
        head = self.random_bytes(0, 24)
        return head + self.field(self.pick(PARTS)).encode() + self.random_bytes(0, 24)


def _fields(one: _Writer) -> dict[str, Callable[[], str]]:
    return {**_of_people(one), **_of_programs(one)}


def _of_people(one: _Writer) -> dict[str, Callable[[], str]]:
    say = one.faker
    return {
        "name": lambda: str(say().name()),
        "first": lambda: str(say().first_name()),
        "last": lambda: str(say().last_name()),
        "initial": lambda: one.pick(tuple(string.ascii_uppercase)),
        "company": lambda: str(say().company()),
        "street": lambda: str(say().street_address()).replace("\n", ", "),
        "address": lambda: str(say().address()),
        "city": lambda: str(say().city()),
        "postcode": lambda: str(say().postcode()),
        "country": lambda: str(say().country()),
        "phone": lambda: str(say().phone_number()),
        "sentence": lambda: str(say().sentence(nb_words=one.number(2, 9))),
        "title": lambda: one.word().title(),
        "word": one.word,
        "Word": lambda: one.word().capitalize(),
        "emoticon": lambda: one.pick(EMOTICONS),
        "contraction": lambda: one.pick(CONTRACTIONS),
        "password": lambda: str(say().password(length=one.number(8, 18))),
        "colour": lambda: one.pick(("black", "white", "blue", "rot", "vert", "dark grey")),
        "currency": lambda: one.pick(("EUR", "USD", "€", "zł", "kr", "£", "¥")),
    }


def _of_programs(one: _Writer) -> dict[str, Callable[[], str]]:
    say = one.faker

    def ident() -> str:
        words = [_ascii(one) for _ in range(one.number(1, 3))]
        spelt = one.number(0, 2)
        if spelt == 0:
            return "_".join(words)
        return words[0] + "".join(word.title() for word in words[1:])

    return {
        "ident": ident,
        "Ident": lambda: ident()[:1].upper() + ident()[1:],
        "CONST": lambda: ident().upper(),
        "email": lambda: str(say().ascii_email()),
        "host": lambda: str(one.faker().domain_name()),
        "url": lambda: f"https://{say().domain_name()}/{_ascii(one)}",
        "path": lambda: f"/{_ascii(one)}/{_ascii(one)}",
        "file": lambda: f"{_ascii(one)}.{one.field('ext')}",
        "ext": lambda: one.pick(("js", "css", "png", "pdf", "docx", "csv", "py", "txt", "jpg", "html")),
        "agent": lambda: str(say().user_agent()),
        "uuid": lambda: str(say().uuid4()),
        "hex": lambda: one.random_bytes(4, 16).hex(),
        "hex3": lambda: one.random_bytes(3, 3).hex(),
        "base64": lambda: base64.b64encode(one.random_bytes(3, 24)).decode(),
        "small": lambda: str(one.number(0, 10 ** one.number(1, 4))),
        "digit": lambda: str(one.number(1, 9)),
        "price": lambda: f"{one.number(0, 999)}.{one.number(10, 99)}",
        "coordinate": lambda: f"{one.number(-179, 179)}.{one.number(1000, 999999)}",
        "version": lambda: ".".join(str(one.number(0, 20)) for _ in range(one.number(2, 4))),
        "lang": lambda: one.pick(LOCALES).replace("_", "-"),
        "date": lambda: one.pick(DATES).format(*one.date()),
        "iso": lambda: "{:04}-{:02}-{:02}T".format(*one.date()) + one.time() + "Z",
        "time": one.time,
        "day": lambda: str(say().day_of_week()),
        "weekday": lambda: one.pick(("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")),
        "month": lambda: one.pick(("Jan", "Mar", "May", "Jul", "Aug", "Oct", "Nov", "Dec")),
        "year": lambda: str(one.number(1970, 2030)),
    }  # fmt: skip


def _ascii(one: _Writer) -> str:
    word = "".join(c for c in one.word().lower() if c in string.ascii_lowercase)
    return word or one.pick(("data", "item", "view", "list", "user", "page", "node"))
