"""What one path segment is, by itself: a name of the API, or a value of a known type.

The same segment gives the same answer everywhere, so templates do not depend on what came
before. What needs company to be recognised (names of people, say) is for siblings.py.
"""

import re
from functools import lru_cache
from urllib.parse import quote, unquote_to_bytes

# A name that a programmer gave is shorter; what is longer is a value.
NAME_CHARACTERS_MAX = 64
# Segments met again soon; some 150 bytes each.
REMEMBERED_MAX = 65_536
# 64 bits have twenty digits.
ID_DIGITS_MAX = 20

# Variables that hold a value of any kind: wider ones take in narrower ones beside them.
WIDENING = ("{id}", "{hash}", "{token}", "{slug}", "{string}")
STRING = "{string}"

TYPES: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("{id}", re.compile(rf"-?\d{{1,{ID_DIGITS_MAX}}}")),
    ("{uuid}", re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.I)),
    ("{date}", re.compile(r"(?:19|20)\d\d-[01]\d-[0-3]\d(?:[T ][\d:.,]+(?:Z|[+-]\d\d:?\d\d)?)?")),
    ("{ip}", re.compile(r"(?:\d{1,3}\.){3}\d{1,3}")),
    ("{email}", re.compile(r"[\w.+%-]+@[\w-]+(?:\.[\w-]+)+")),
    ("{hash}", re.compile(r"(?=[^\d]*\d)[0-9a-f]{16,}|(?=[^\d]*\d)[0-9A-F]{16,}")),
    ("{token}", re.compile(r"eyJ[\w-]+\.[\w-]+\.[\w-]*")),  # JSON web token
    ("{token}", re.compile(r"[0-7][0-9A-HJKMNP-TV-Z]{25}")),  # ULID
    # cus_9s6XKzkNRiz8i3 and its like: a short kind, then something random.
    ("{token}", re.compile(r"[a-z]{2,5}_(?=\D*\d)(?=[^A-Z]*[A-Z])[A-Za-z0-9]{10,}")),
    # Base64 and base62: capitals, small letters and three digits or more, and not words written
    # together (ListError404Response).
    (
        "{token}",
        re.compile(
            r"(?!(?:[a-z]{3,})?(?:[A-Z][a-z]{2,}|\d{1,4})+$)(?=[^A-Z]*[A-Z])(?=[^a-z]*[a-z])(?=(?:\D*\d){3})[\w=-]{16,}"
        ),
    ),
    ("{locale}", re.compile(r"[a-z]{2}[-_][A-Z]{2}")),
    # Three decimals and more: fewer may be a version (1.1, 2.0.3).
    ("{number}", re.compile(r"-?\d+\.\d{3,}")),
    ("{string}", re.compile(r"-?\d+\.\d+,-?\d+\.\d+")),  # coordinates
    # ORD-123 and INV00042, author-a-0001, and titles of six words and more. Fewer words or
    # digits may be a name: public-specs, sha-256, oauth2, error-404.
    ("{slug}", re.compile(r"[A-Z]{2,6}[-_]?\d{3,}")),
    ("{slug}", re.compile(r"[A-Za-z]+(?:[-_][A-Za-z]+)*[-_]\d{4,}")),
    ("{slug}", re.compile(r"[a-z0-9]+(?:-[a-z0-9]+){5,}")),
)
# What a name may be made of; all else is a value, or an attack.
NAME = re.compile(r"[\w.~!$'()*+,=:@ -]+")
EXTENSIONS = frozenset(
    [
        "asp", "aspx", "atom", "cgi", "csv", "do", "doc", "docx", "htm", "html", "ics", "js",
        "json", "jsp", "md", "pdf", "php", "rss", "svg", "tsv", "txt", "xhtml", "xls", "xlsx",
        "xml", "yaml", "yml", "zip",
    ]
)  # fmt: skip
# What stands behind a value: an extension (17.json), or what to do with it (17:cancel).
ENDING = re.compile(r"(.+)(\.[A-Za-z][A-Za-z0-9]{0,4}|:[a-z][A-Za-z]{1,31})")


@lru_cache(REMEMBERED_MAX)
def label(segment: bytes) -> str:
    """The segment as it stands in a template: its type in braces, or itself, percent-encoded."""
    if segment.isdigit() and len(segment) <= ID_DIGITS_MAX:
        return "{id}"
    try:
        text = unquote_to_bytes(segment).decode()
    except UnicodeDecodeError:
        return STRING
    return typed(text) or _stem(text) or _name(text)


def typed(text: str) -> str:
    """The type of a value in braces; empty: none."""
    for name, pattern in TYPES:
        if pattern.fullmatch(text):
            return name
    return ""


def _stem(text: str) -> str:
    """17.json is a value with an extension, 17:cancel one with a verb."""
    found = ENDING.fullmatch(text)
    variable = typed(found[1]) if found else ""
    return f"{variable}{found[2]}" if found and variable else ""


def ending(text: str) -> str:
    """A known extension or a verb behind a name, with its sign; empty: none (ann.berg)."""
    found = ENDING.fullmatch(text)
    known = found is not None and (found[2][0] == ":" or found[2][1:].lower() in EXTENSIONS)
    return found[2] if found and known else ""


def _name(text: str) -> str:
    if len(text) > NAME_CHARACTERS_MAX or not NAME.fullmatch(text):
        return STRING if text else ""
    return quote(text, safe="~!$'()*+,=:@")
