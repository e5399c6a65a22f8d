"""What kind of value a match stands in: the small looks that keep false alarms rare."""

import re
from functools import lru_cache
from urllib.parse import unquote_to_bytes

# Words that hold an English sentence together and that no payload needs. Three different ones,
# or many lines, make a text: a post, a ticket, a page, a script somebody edits.
SMALL_WORDS = re.compile(
    rb"\b(?:the|is|are|was|were|this|that|these|with|you|your|have|has|how|what|why|when|can|could"
    rb"|should|would|will|my|we|our|it's|its|i'm|they|there|which|than|then|because|about|please"
    rb"|does|doesn't|don't|of|for|to|an|be|using|use|need|want|trying|but|if|here|some|any)\b",
    re.I,
)
# A whole statement or query, as consoles and report tools send them. An injection is a piece: it
# begins in the middle of somebody else's statement.
STATEMENT = re.compile(
    rb"\s*(?:select\b[\s\S]*\bfrom\b|with\s+\w+\s+as\s*\(|insert\s+into\b|update\s+\S+\s+set\b"
    rb"|delete\s+from\b|create\s+(?:or\s+replace\s+)?\w+|alter\s+\w+|explain\b|show\s+\w|from\s+\S+\s*\|"
    rb"|begin\b|merge\s+into|query\b[\s\w(]*[({]|mutation\b[\s\w(]*[({]|comment\s+on\b|grant\s+\w|call\s+\w|exec(?:ute)?\s+\w)",
    re.I,
)
# Half a statement is no statement, however it begins.
CUT_OFF = re.compile(
    rb"\b(?:where|and|or|from|union|select|by|like|in)\s*\Z|--[^\n]*\Z|(?<!&)#[^\n&;]*\Z|/\*\s*\Z",
    re.I,
)
# The elements of a page that somebody wrote in an editor.
WRITTEN_HTML = re.compile(
    rb"</?(?:p|pre|code|div|span|ul|ol|li|h[1-6]|strong|em|blockquote|table)\b[^>]*>", re.I
)
HTML_ELEMENTS_MIN = 4
TEXT_BYTES_MIN = 40
TEXT_WORDS_MIN = 3
TEXT_LINES_MIN = 4
CODE_BYTES_MIN = 120


@lru_cache(maxsize=1_024)
def is_text(value: bytes) -> bool:
    """Whether people wrote this as a whole: prose, code of several lines, a full statement."""
    if b"%" in value:
        value = unquote_to_bytes(value)
    if len(value) < TEXT_BYTES_MIN:
        return is_statement(value)
    if value.count(b"\n") >= TEXT_LINES_MIN and len(value) > CODE_BYTES_MIN:
        return True
    if len({word.lower() for word in SMALL_WORDS.findall(value)}) >= TEXT_WORDS_MIN:
        return True
    return is_statement(value) or len(WRITTEN_HTML.findall(value)) >= HTML_ELEMENTS_MIN


def is_statement(value: bytes) -> bool:
    """Whether the value is a whole statement of a query language, from its first word on."""
    return bool(STATEMENT.match(value)) and not CUT_OFF.search(value)


def closes_literal(value: bytes, at: int) -> bool:
    """Whether the quote sign at this place would end a literal that the application opened.

    The application's own opening quote stands before the value, so the value's first quote
    closes, its second opens, and so on. `"a" AND "b"`, a search, has its words inside.
    """
    sign = value[at : at + 1]
    return sign in (b"'", b'"', b"`") and value.count(sign, 0, at) % 2 == 0


def closes_bracket(value: bytes, at: int) -> bool:
    """Whether the bracket at this place closes one that was opened before the value."""
    return value[at : at + 1] == b")" and value.count(b")", 0, at + 1) > value.count(b"(", 0, at)
