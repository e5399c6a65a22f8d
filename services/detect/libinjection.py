"""libinjection as a second opinion: it tokenises a value as SQL, or reads it as HTML.

Its opinion is a signal like any other. Its fingerprint, one letter a token, says more than its
verdict: an injection begins inside a literal or after a number (s, 1), while a value that begins
with a statement or a word (E, T, n, f, k) is as often a whole query or a sentence. So the first
kind weighs enough by itself, the second only beside other signals: docs/decisions/0021.
"""

from collections.abc import Iterator

from sidetap_native import reads_as_xss, sql_fingerprint

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
# Begins inside a literal, after a number, or with what follows one.
BREAKS_OUT = ("s", "1", "&", "U", "v", "X", ")", ";", "o")
# These are as common where nobody attacks: "a"-"b", "a" - "b" AS c, 1--.
TOO_COMMON = {"sos", "1c", "sosks", "soskn", "son1o", "sEokn", "s&s", "1of()", "sEnEn", "1&1"}


def sql_opinion(point: Point) -> Iterator[tuple[Rule, Match]]:
    """Whether the point reads as SQL, and of which kind."""
    value = point.value
    if len(value) > VALUE_BYTES_MAX:
        return
    fingerprint = sql_fingerprint(value)
    if fingerprint is not None:
        yield sql_signal(point, fingerprint)


def html_opinion(point: Point) -> Iterator[tuple[Rule, Match]]:
    """Whether a point that another rule suspects reads as HTML that runs a script."""
    if len(point.value) <= VALUE_BYTES_MAX and reads_as_xss(point.value):
        yield HTML, Match(point, 0, len(point.value))


def sql_signal(point: Point, fingerprint: str) -> tuple[Rule, Match]:
    """The opinion that a fingerprint is."""
    return sql_rule(fingerprint), Match(point, 0, len(point.value))


def sql_rule(fingerprint: str) -> Rule:
    """What a fingerprint is worth."""
    sure = fingerprint.startswith(BREAKS_OUT) and fingerprint not in TOO_COMMON
    return INJECTION if sure else FRAGMENT
