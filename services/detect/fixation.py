"""Session fixation: another site's link brings the session id that its victim shall log in with.

In:   a request and its points.
Out:  a signal where a parameter is named as a framework names its session, and the Referer is
      of another host: sites themselves put ids into their own links, others have no reason to.
"""

import re
from collections.abc import Iterator

from services.detect.points import Points
from services.detect.rules import Match, Rule
from services.detect.view import RequestView

FIXATION = Rule(
    id="other.session-fixation",
    pattern="",
    weight=0.5,
    title="A session id in a request that another site led to",
    in_text=1.0,
)
PLACES = ("query", "body.form", "body.json")
# What frameworks call their session where they do not say otherwise. Names that applications
# choose, as `session_id`, stand in what pages report to others, too.
NAME = re.compile(
    rb"(?:__(?:host|secure)-)?(?:phpsess(?:id|ion)|jsession(?:id)?|j(?:serv|w)session(?:id)?"
    rb"|aspsessionid\w*|asp\.net_sessionid|cf(?:id|token|sid)|(?:laravel|ci|_?flask|play)_session"
    rb"|connect\.sid|rack\.session|koa[.:]sess|next-auth\.session-token|zend_session_id|cakephp"
    rb"|_session_id|meteor_login_token)\Z",
    re.I,
)
# One of these is in each of them.
PIECE = re.compile(rb"sess|cfid|cftoken|cfsid|cakephp|connect\.sid|meteor_login", re.I)
# A form that logs in has its fields at the beginning.
BODY_BYTES_MAX = 1_024
HOST = re.compile(rb"(?:https?:)?//([^/?#:]+)", re.I)


def fixations(request: RequestView, points: Points) -> Iterator[tuple[Rule, Match]]:
    """At most one a request."""
    if not PIECE.search(request.target) and not PIECE.search(request.body.kept[:BODY_BYTES_MAX]):
        return
    if not _from_elsewhere(request):
        return
    for point in points.found:
        if point.place in PLACES and NAME.match(point.name) and point.value:
            yield FIXATION, Match(point, 0, len(point.value))
            return


def _from_elsewhere(request: RequestView) -> bool:
    """Whether the Referer's host and the request's have not one name of two labels in common."""
    named = {name.lower(): value for name, value in request.headers}
    referer, host = (
        HOST.match(named.get(b"referer", b"")),
        named.get(b"host") or named.get(b":authority", b""),
    )
    if referer is None or not host:
        return False
    return _site(referer[1]) != _site(host.partition(b":")[0])


def _site(host: bytes) -> bytes:
    return b".".join(host.strip().lower().rsplit(b".", 2)[-2:])
