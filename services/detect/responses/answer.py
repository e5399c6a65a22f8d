"""A response as the checks read it: head, kind, and the beginning of its decoded text.

In:   an exchange that has a request and a response.
Out:  Answer.
Keeps: nothing.
"""

import re
from functools import lru_cache

from services.detect.context import SMALL_WORDS
from services.detect.view import ExchangeView, Headers, RequestView, ResponseView

# What is looked at of a body, decoded. Errors and files stand at the beginning of what they are in.
BODY_BYTES_MAX = 65_536
SNIFFED_BYTES = 256
# A type that says nothing of what it is.
BYTES = "bytes"
# Small words, different ones and all, from which a page is one that people wrote to be read.
PROSE_WORDS_MIN = 40
PROSE_DISTINCT_MIN = 12

TAG = re.compile(rb"<[^<>]*>")
PRINTABLE = re.compile(rb"[\t\n\r\x20-\x7e\x80-\xff]*\Z")
JSON_START = re.compile(rb"[{\[]\s*(?:[\"{}\[\]\d-]|\Z|true|false|null)")
# Files that servers hand out without knowing what they are.
BARE_FILE = re.compile(
    rb"/\.[\w.-]+(?:/[\w.-]+)*\Z|\.(?:env|sql|bak|old|orig|save|swp|key|pem|conf|cfg|ini|log|ya?ml|php\w*~?|inc|htpasswd)\Z"
)


class Answer:
    """One response, with its request. What costs something is made on first use, and once."""

    __slots__ = (
        "_asked", "_kind", "_prose", "_response", "_start",
        "exchange", "first", "headers", "path", "request", "status",
    )  # fmt: skip

    def __init__(
        self, exchange: ExchangeView, request: RequestView, response: ResponseView
    ) -> None:
        self.exchange = exchange
        self.request = request
        self.status = response.status
        self.headers = [(name.lower(), value) for name, value in response.headers]
        # Of each header the first value: the last to be put in stays.
        self.first = dict(reversed(self.headers))
        self.path = request.target.partition(b"?")[0]
        self._response = response
        self._asked: Headers | None = None
        self._kind: str | None = None
        self._start: bytes | None = None
        self._prose: bool | None = None

    def header(self, name: bytes) -> bytes:
        """The first value of a header of the response, or nothing."""
        return self.first.get(name, b"")

    @property
    def asked(self) -> Headers:
        """The request's headers as sent."""
        if self._asked is None:
            self._asked = self.request.headers
        return self._asked

    @property
    def kind(self) -> str:
        """html, json, xml, script or text; empty: nothing to read."""
        if self._kind is None:
            self._kind = self._what_kind()
        return self._kind

    def _what_kind(self) -> str:
        said = self.header(b"content-type")
        if not said:
            return _sniffed(self._beginning())
        kind = _named(said)
        if kind == BYTES:
            bare = BARE_FILE.search(self.path)
            text = bare and PRINTABLE.match(self._beginning()[:SNIFFED_BYTES])
            return "text" if text else ""
        return kind

    def _beginning(self) -> bytes:
        if self._start is None:
            self._start = self._response.body.decoded(BODY_BYTES_MAX)
        return self._start

    @property
    def body(self) -> bytes:
        """The beginning of the decoded body; nothing where it is no text."""
        return self._beginning() if self.kind else b""

    @property
    def prose(self) -> bool:
        """Whether people wrote this to be read: an article, a manual, a thread."""
        if self._prose is None:
            words = [word.lower() for word in SMALL_WORDS.findall(TAG.sub(b" ", self.body))]
            distinct = len(set(words))
            self._prose = len(words) >= PROSE_WORDS_MIN and distinct >= PROSE_DISTINCT_MIN
        return self._prose

    @property
    def failed(self) -> bool:
        """The server itself calls it an error of its own."""
        return self.status >= 500


@lru_cache(maxsize=1_024)
def _named(content_type: bytes) -> str:
    said = content_type.partition(b";")[0].strip().lower()
    if said == b"application/octet-stream":
        return BYTES
    if said in (b"text/html", b"application/xhtml+xml"):
        return "html"
    if b"json" in said:
        return "json"
    if b"javascript" in said or b"ecmascript" in said:
        return "script"
    if said.endswith((b"/xml", b"+xml")):
        return "xml"
    if said.startswith(b"text/") and said not in (b"text/css", b"text/event-stream"):
        return "text"
    return "text" if said in (b"application/sql", b"application/x-sh", b"application/x-httpd-php",
                              b"application/x-pem-file", b"application/pkcs8") else ""  # fmt: skip


def _sniffed(start: bytes) -> str:
    head = start[:SNIFFED_BYTES].lstrip()
    if not head or not PRINTABLE.match(head):
        return ""
    if JSON_START.match(head):
        return "json"
    return "html" if head[:1] == b"<" and head[:2] not in (b"<?", b"<%") else "text"
