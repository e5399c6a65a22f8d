"""Whether a value ends what the application had begun: the checks of the rules for SQL.

In:   a match of a rule.
Out:  whether its surroundings speak for an injection.
"""

import re

from services.detect.context import closes_bracket, closes_literal
from services.detect.rules import Match

NUMBER_FIRST = re.compile(
    rb"\s*['\"]?[-+(~!]*\s*(?:0x[0-9a-f]+|\d[\d.]*)[\s)'\"`/+-]*(?:\Z|\b|[|&<>=;])", re.I
)
PHRASE_END = re.compile(rb"[=<>\'\"(#;\d]|--|\btrue\b|\bfalse\b", re.I)
# Injections that end in a comment and have nothing else to tell them are shorter.
SHORT_BYTES_MAX = 80
SIGN = re.compile(rb"['\"`)]")


def breaks_out(match: Match) -> bool:
    """The match begins with what ends the application's own literal, bracket or number."""
    value = match.point.value
    sign = SIGN.search(value, match.start, match.start + 4)
    if sign is None:
        return bool(NUMBER_FIRST.match(value))
    return closes_literal(value, sign.start()) or closes_bracket(value, sign.start())


def not_a_phrase(match: Match) -> bool:
    """Something is compared or closed; "and is in" of a sentence has no sign in it."""
    return bool(PHRASE_END.search(match.point.value))


def not_a_quotation(match: Match) -> bool:
    """The value goes on where its own literal ends; `"-1"` and `"CREATE A MUG"` are quotations."""
    value = match.point.value.strip()
    quoted = value[:1] in (b"'", b'"') and value[:1] == value[-1:] and value.count(value[:1]) == 2
    return not quoted and breaks_out(match)


def short(match: Match) -> bool:
    """Of a longer value the tail says nothing."""
    return len(match.point.value) <= SHORT_BYTES_MAX
