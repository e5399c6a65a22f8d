"""libinjection as a second opinion: it tokenises a value as SQL, or reads it as HTML.

Its opinion is a signal like any other. Its fingerprint, one letter a token, says more than its
verdict: an injection begins inside a literal or after a number (s, 1), while a value that begins
with a statement or a word (E, T, n, f, k) is as often a whole query or a sentence. So the first
kind weighs enough by itself, the second only beside other signals: docs/decisions/0021.
"""

import re
from collections.abc import Iterator

import libinjection

from services.detect.points import Point
from services.detect.rules import Match, Rule

INJECTION = Rule(
    id="sqli.fingerprint",
    pattern="",
    weight=0.55,
    title="Reads as SQL that goes on after a literal",
    in_text=0.3,
)
FRAGMENT = Rule(
    id="sqli.fragment",
    pattern="",
    weight=0.25,
    title="Reads as SQL",
    in_text=0.2,
)
HTML = Rule(
    id="xss.fingerprint",
    pattern="",
    weight=0.35,
    title="Reads as HTML that runs a script",
    in_text=0.2,
)
# What libinjection is fast on and an injection fits into.
VALUE_BYTES_MAX = 4_096
SQL_SIGN = re.compile(
    rb"['\"`;()#|&=<>]|--|/\*|\b(?:or|and|union|select|having|like|limit)\b", re.I
)
HTML_SIGN = re.compile(rb"[<>]|\bon\w+\s*=|script:|&#", re.I)
# Begins inside a literal, after a number, or with what follows one.
BREAKS_OUT = ("s", "1", "&", "U", "v", "X", ")", ";", "o")
# These are as common where nobody attacks: "a"-"b", "a" - "b" AS c, 1--.
TOO_COMMON = {"sos", "1c", "sosks", "soskn", "son1o", "sEokn", "s&s", "1of()", "sEnEn", "1&1"}


def opinions(point: Point) -> Iterator[tuple[Rule, Match]]:
    """The rules that libinjection makes speak about this point."""
    value = point.value
    if len(value) > VALUE_BYTES_MAX or value.isalnum() or point.place in ("header", "document"):
        return
    text = value.decode("latin-1")  # the binding takes text and encodes it itself
    if SQL_SIGN.search(value):
        found = libinjection.is_sql_injection(text)
        if found["is_sqli"]:
            yield sql_rule(found["fingerprint"]), Match(point, 0, len(value))
    if HTML_SIGN.search(value) and libinjection.is_xss(text)["is_xss"]:
        yield HTML, Match(point, 0, len(value))


def sql_rule(fingerprint: str) -> Rule:
    """What a fingerprint is worth."""
    sure = fingerprint.startswith(BREAKS_OUT) and fingerprint not in TOO_COMMON
    return INJECTION if sure else FRAGMENT
