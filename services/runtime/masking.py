"""Secrets do not leave: what goes to people carries tokens in their place.

In:   text as it would be shown, with the name of the point it came from.
Out:  the same text with secrets replaced by keyed tokens, equal for equal values, so that
      "the same session again" can still be seen.
Keeps: the key. Without it a token says nothing of its value; with another key it is another.
"""

import hashlib
import hmac
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import unquote, unquote_plus

TOKEN_DIGITS = 12

# Words in the name of a point whose value is a secret whatever it looks like.
SECRET_NAME = re.compile(
    r"(?:^|[^a-z])(?:pass(?:wor[dt]|wd|phrase|code)?|pwd?|secret|token|credential|session|sess?id|sid"
    r"|auth|authorization|cookie|signature|csrf|xsrf|otp|pin|cvv2?|cvc2?|ssn|jwt|bearer"
    r"|api[-_ ]?key|access[-_ ]?key|private[-_ ]?key)(?:$|[^a-z])",
    re.I,
)
# The same words where a name runs them together, as in PHPSESSID, userPassword and accessToken.
SECRET_PART = re.compile(
    r"passw(?:or)?[dt]|passphrase|secret|token|session|sessid|credential|authoriz|apikey|api_key"
    r"|cardnumber|card_number|csrf|xsrf",
    re.I,
)
# Header names of which the value is a secret though no word above says so.
SECRET_HEADERS = {"cookie", "set-cookie", "authorization", "proxy-authorization", "x-api-key"}

CARD = re.compile(r"(?<![\d.])(?:\d[ -]?){12,18}\d(?!\d|\.\d)")
FORMS = re.compile(
    r"eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*"  # JSON web token
    r"|\bAKIA[0-9A-Z]{16}\b|\bASIA[0-9A-Z]{16}\b"  # Amazon access key id
    r"|\bgh[pousr]_\w{20,}|\bgithub_pat_\w{20,}|\bglpat-[\w-]{20,}"
    r"|\b[rs]k_(?:live|test)_\w{10,}|\bxox[abprs]-[\w-]{10,}|\bAIza[\w-]{35}"
    r"|(?<=-----BEGIN PRIVATE KEY-----)[^-]+|(?<=-----BEGIN [RD]SA PRIVATE KEY-----)[^-]+"
    r"|(?<=-----BEGIN EC PRIVATE KEY-----)[^-]+|(?<=-----BEGIN OPENSSH PRIVATE KEY-----)[^-]+"
    r"|(?<=-----BEGIN ENCRYPTED PRIVATE KEY-----)[^-]+"
    r"|(?<=://)[^/@\s?#]{1,256}(?=@)"  # user and password in a URL
    r"|(?<=(?i:bearer) )[\w.~+/=-]{8,}|(?<=(?i:basic) )[\w+/=]{8,}"
)
# What stands before a value inside a text, in name=value and name: value. A value that is none of
# a secret is searched for pairs of its own: in `https://a/?token=x` the first name is `https`.
NAME = re.compile(
    r"""(?P<name>[\w.\[\]-]{1,64})"""
    r"""(?:=["']?|["']?\s?:\s?(?:\[(?!masked )\s?)?["']?)(?=[^\s&;,"'<>])"""
)
# Quotes end a value; so do & ; , and white space.
VALUE = re.compile(r"""[^\s&;,"'<>]+""")
# "name": "value" with anything in it, as in JSON.
QUOTED = re.compile(
    r"""(?P<head>["'](?P<name>[^"'\\]{1,64})["']\s{0,8}:\s{0,8})"(?P<value>(?:[^"\\]|\\.)*)"?""",
    re.S,
)
TOKEN = re.compile(rf"\[masked [0-9a-f]{{{TOKEN_DIGITS}}}\]")

# What stands between the pairs of a query; kept, to be put back.
SEPARATOR = re.compile(r"([&;])")


def sensitive(where: str) -> bool:
    """Whether the point holds a secret by its name: `cookie.sid`, `body.form.password` …"""
    place, _, name = where.partition(".")
    if place == "cookie" or name.lower() in SECRET_HEADERS:
        return True
    return secret_name(name or place)


def secret_name(name: str) -> bool:
    """Whether a field of this name holds a secret."""
    return bool(SECRET_NAME.search(name) or SECRET_PART.search(name))


@dataclass(frozen=True, slots=True)
class Masker:
    """Replaces secrets by tokens. One key a deployment; it must not be empty."""

    key: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if not self.key:
            raise ValueError("masking needs a key")

    def token(self, secret: str) -> str:
        """What stands for the secret: equal for equal secrets."""
        digest = hmac.new(self.key, secret.encode("utf-8", "surrogateescape"), hashlib.sha256)
        return f"[masked {digest.hexdigest()[:TOKEN_DIGITS]}]"

    def value(self, where: str, text: str, payload: tuple[int, int] | None = None) -> str:
        """One point's value for people.

        `payload` is the part (start, end) that is the attack: it stays readable even where the
        point is a secret, but cards and known kinds of keys inside it do not.
        """
        if not sensitive(where):
            return self.text(text)
        if payload is None:
            return self.token(text) if text else ""
        start, end = payload
        before, after = text[:start], text[end:]
        return (
            (self.token(before) if before else "")
            + self._forms(text[start:end])
            + (self.token(after) if after else "")
        )

    def text(self, text: str) -> str:
        """Free text: known kinds of secrets, cards, and the values of secret names in it."""
        return self._pairs(QUOTED.sub(self._quoted, self._forms(text)))

    def header(self, name: str, value: str) -> str:
        """A header's value; a cookie keeps the names of its parts."""
        if name.lower() in {"cookie", "set-cookie"}:
            return self._cookies(value, attributes=name.lower() == "set-cookie")
        return self.value(f"header.{name.lower()}", value)

    def headers(self, pairs: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
        """All of a message's headers, in order."""
        return [(name, self.header(name, value)) for name, value in pairs]

    def target(self, target: str) -> str:
        """A request target: values of secret names in its query, and secrets of known form."""
        path, mark, query = target.partition("?")
        pairs = [self._query_pair(pair) for pair in SEPARATOR.split(query)]
        return self.text(path) + mark + "".join(pairs)

    def _query_pair(self, pair: str) -> str:
        name, mark, value = pair.partition("=")
        if mark and value and secret_name(unquote(name)):
            return f"{name}={self.token(unquote(value))}"
        # Another URL or JSON inside, or a card with + for blanks, is only seen decoded.
        plain = unquote_plus(pair)
        masked = self.text(plain)
        return self.text(pair) if masked == plain else masked

    def _cookies(self, value: str, *, attributes: bool) -> str:
        parts = value.split(";")
        kept = parts[:1] if attributes else parts
        masked = [self._crumb(part) for part in kept]
        return ";".join(masked + parts[len(kept) :])

    def _crumb(self, part: str) -> str:
        name, mark, value = part.partition("=")
        if not mark:  # A cookie may have no name (RFC 6265bis, 5.6).
            return self.token(part.strip()) if part.strip() else part
        return f"{name}={self.token(value)}" if value else part

    def _forms(self, text: str) -> str:
        masked = FORMS.sub(lambda found: self.token(found[0]), text)
        return CARD.sub(self._card, masked)

    def _card(self, found: re.Match[str]) -> str:
        digits = [int(c) for c in found[0] if c.isdigit()]
        return self.token(found[0]) if luhn(digits) else found[0]

    def _quoted(self, found: re.Match[str]) -> str:
        value = found["value"]
        if not value or not secret_name(found["name"]) or TOKEN.fullmatch(value):
            return found[0]
        return f'{found["head"]}"{self.token(value)}"'

    def _pairs(self, text: str) -> str:
        """Values of secret names, each found in one pass from left to right."""
        made, done, at = [], 0, 0
        while head := NAME.search(text, at):
            at = head.end()
            if not secret_name(head["name"]):
                continue
            found = TOKEN.match(text, at) or VALUE.match(text, at)
            assert found is not None, "NAME looks ahead for a value"
            shown = found[0] if found.re is TOKEN else self.token(found[0])
            made += [text[done:at], shown]
            done = at = found.end()
        return "".join([*made, text[done:]])


def luhn(digits: list[int]) -> bool:
    """The checksum of card numbers (ISO/IEC 7812); a row of equal digits is no card."""
    if len(set(digits)) == 1:
        return False
    doubled = [
        d if i % 2 == 0 else (d * 2 - 9 if d > 4 else d * 2) for i, d in enumerate(digits[::-1])
    ]
    return sum(doubled) % 10 == 0
