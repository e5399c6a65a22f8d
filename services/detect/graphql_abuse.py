"""GraphQL abuse: documents made to cost the server more than they cost the client.

In:   the points of a request.
Out:  signals of class `graphql`, at the document.

One small request can ask for the same thing a thousand times, or for a thousand things inside one
another; limits of requests a second do not see it, and guesses of passwords hide in it. Gateways
ship with depth 10, batch 10 and a document of 100 KB; page builders, boards and code generators go
beyond without harm, so the limits are wider, and what only costs is told but would not be blocked.
"""

from collections.abc import Iterator

from services.detect.graphql_document import BEGIN, BEGIN_WITH_A_WORD, READ_BYTES_MAX, shape
from services.detect.points import Point, Points
from services.detect.rules import Match, Rule
from services.detect.view import RequestView

# Levels of fields, those of Relay's connections counted once: comments under comments, eight deep.
DEPTH_MAX = 15
# The same field under so many names in one selection: a board of counters, the sizes of an image,
# the repositories of a list.
ALIASES_MAX = 40
# The same of a field that logs in: nobody has so many accounts.
GUESSES_MAX = 5
# The same field without a name of its own: the second asks for nothing that the first did not;
# fragments written by hand repeat some.
REPEATS_MAX = 20
# Of a field: @include and @skip, and one of the client's library.
DIRECTIVES_MAX = 5
# Operations in one request: clients that batch send what one page asks for at once.
BATCH_MAX = 30
# Of all documents of a request. Generated ones with all their fragments reach some 20 KB.
DOCUMENT_BYTES_MAX = READ_BYTES_MAX
# A member or parameter that holds a document, what begins one, and where they are sent.
WORDS = (b"query", b"graphql", b"mutation", b"subscription", b"fragment")
# Where a batch, which is a list, has them.
BATCHED = b"[].query"

DEPTH = Rule(
    id="graphql.depth",
    pattern="",
    weight=0.55,
    title=f"Fields inside one another, deeper than {DEPTH_MAX}",
    in_text=1.0,
    severity="medium",
)
ALIASES = Rule(
    id="graphql.aliases",
    pattern="",
    weight=0.55,
    title=f"The same field more than {ALIASES_MAX} times under other names",
    in_text=1.0,
    severity="medium",
)
GUESSES = Rule(
    id="graphql.guesses",
    pattern="",
    weight=0.65,
    title=f"A log-in more than {GUESSES_MAX} times in one document",
    in_text=1.0,
    severity="medium",
)
REPEATS = Rule(
    id="graphql.repeats",
    pattern="",
    weight=0.55,
    title=f"The same field more than {REPEATS_MAX} times over",
    in_text=1.0,
    severity="medium",
)
DIRECTIVES = Rule(
    id="graphql.directives",
    pattern="",
    weight=0.6,
    title=f"More than {DIRECTIVES_MAX} directives at one field",
    in_text=1.0,
    severity="medium",
)
BATCH = Rule(
    id="graphql.batch",
    pattern="",
    weight=0.55,
    title=f"More than {BATCH_MAX} operations in one request",
    in_text=1.0,
    severity="medium",
)
CIRCLE = Rule(
    id="graphql.circular-fragment",
    pattern="",
    weight=0.65,
    title="A fragment that holds itself",
    in_text=1.0,
    severity="medium",
)
SIZE = Rule(
    id="graphql.size",
    pattern="",
    weight=0.5,
    title=f"A document of more than {DOCUMENT_BYTES_MAX // 1_000} KB",
    in_text=1.0,
    severity="medium",
)
RULES = (DEPTH, ALIASES, GUESSES, REPEATS, DIRECTIVES, BATCH, CIRCLE, SIZE)


def abuses(request: RequestView, points: Points) -> Iterator[tuple[Rule, Match]]:
    """What the documents of a request are made for."""
    if b"{" not in points.joined or not _is_spoken(request):
        return
    named = [point for point in points.found if point.name.endswith(b"query") or not point.name]
    by_type = _is_sent_as_graphql(request)
    documents = [point for point in named if _is_document(point, by_type)]
    left = DOCUMENT_BYTES_MAX
    for point in documents:
        match = Match(point, 0, len(point.value))
        if left > 0:
            yield from ((rule, match) for rule in _of_one(point.value, left))
        left -= len(point.value)
    if left < 0:
        yield SIZE, Match(documents[-1], 0, len(documents[-1].value))
    batched = [point for point in documents if point.name == BATCHED]
    if len(batched) > BATCH_MAX:
        yield BATCH, Match(batched[-1], 0, len(batched[-1].value))


def _is_sent_as_graphql(request: RequestView) -> bool:
    return any(
        name.lower() == b"content-type" and b"graphql" in value.lower()
        for name, value in request.headers
    )


def _is_spoken(request: RequestView) -> bool:
    """Whether one of the words of GraphQL stands in target or body: a quick look."""
    target, body = request.target, request.body
    said = body.kept if body.encoding is None else body.decoded()
    return any(word in target or word in said for word in WORDS)


def _is_document(point: Point, by_type: bool) -> bool:
    """Where clients put documents: a parameter or member named query, or the body as a whole.

    A body without that type must begin with a word of the language: scripts and style sheets
    begin with braces, too.
    """
    begin = BEGIN if point.name or by_type else BEGIN_WITH_A_WORD
    return (
        b"{" in point.value
        and point.place.startswith(("query", "body"))
        and begin.match(point.value) is not None
    )


def _of_one(document: bytes, bytes_max: int) -> Iterator[Rule]:
    found = shape(document, bytes_max)
    if found.depth > DEPTH_MAX:
        yield DEPTH
    if found.aliases > ALIASES_MAX:
        yield ALIASES
    if found.guesses > GUESSES_MAX:
        yield GUESSES
    if found.repeats > REPEATS_MAX:
        yield REPEATS
    if found.directives > DIRECTIVES_MAX:
        yield DIRECTIVES
    if found.circular:
        yield CIRCLE
