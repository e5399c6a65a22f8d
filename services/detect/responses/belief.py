"""Whether an answer says something itself, or shows it: what keeps manuals and forums silent.

Errors, keys and files stand in tutorials, tickets and search results as often as in answers that
leak. An answer is believed where its status, its form or the place in it says that the server
itself speaks.
"""

import re
from urllib.parse import unquote_to_bytes

from services.detect.responses.answer import Answer
from services.detect.responses.markup import in_tag, inside, quoted
from services.detect.rules import Match

# A text answer of more than this is a log, a manual or a listing, and may quote anything.
SHORT_BYTES_MAX = 2_048
# As far into a longer text an error still is its beginning.
BEGINNING_BYTES = 200
# Fields in which an API says what went wrong; those of a chat or a ticket have other names.
ERROR_FIELD = re.compile(
    rb"""["'](?:error|errors|exception|exceptionmessage|errormessage|error_message|error_description"""
    rb"""|errmsg|sqlmessage|stack|stacktrace|stack_trace|trace|traceback|debug|cause|reason|detail"""
    rb"""|details)["']\s*:\s*[\[{]?\s*(?:["'][^"'{}\[\]]{0,200})?\Z""",
    re.I,
)
FIELD_LOOK_BACK = 300
# Of a match, what is looked for in the request to tell an echo.
ECHO_BYTES = 80
CODE = frozenset(b"pre code textarea samp kbd blockquote script style".split())


def as_error(match: Match, answer: Answer) -> bool:
    """The server says it as an error, by its status, its field or its place in the answer."""
    value, at = match.point.value, match.start
    if answer.kind == "json":
        return answer.failed or bool(ERROR_FIELD.search(value[max(0, at - FIELD_LOOK_BACK) : at]))
    if answer.kind == "html":
        if answer.failed:
            return in_tag(value, at) is None and not (answer.prose and quoted(value, at))
        return not answer.prose and not quoted(value, at)
    if answer.prose:
        return False
    return answer.status >= 400 or (at < BEGINNING_BYTES and len(value) < SHORT_BYTES_MAX)


def after_attack(match: Match, answer: Answer) -> bool:
    """After an attack that asks for it, it need only not be an article about it."""
    if answer.prose and quoted(match.point.value, match.start):
        return False
    return in_tag(match.point.value, match.start) is None


def echoed(match: Match, answer: Answer) -> bool:
    """The request itself held what matched: the answer only says it back."""
    said = match.text.strip()[:ECHO_BYTES]
    sent = answer.request.target + b"\n" + answer.request.body.decoded()
    return said in sent or said in unquote_to_bytes(sent.replace(b"+", b" "))


def whole(match: Match, answer: Answer) -> bool:
    """The answer is the file, not a page around it."""
    return not match.before.strip() and answer.kind != "html" and not answer.prose


def not_quoted(match: Match, answer: Answer) -> bool:
    """Stands in the page itself, in no example, and the page is no article."""
    value, at = match.point.value, match.start
    return not answer.prose and in_tag(value, at) is None and not inside(value, at, CODE)


def on_path(*ends: str) -> "re.Pattern[bytes]":
    """A path that ends so."""
    return re.compile(("(?:" + "|".join(ends) + r")\Z").encode(), re.I)
