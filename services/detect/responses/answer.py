"""A response as the checks read it: head, kind, and the beginning of its decoded text.

In:   an exchange that has a request and a response.
Out:  Answer.
Keeps: nothing.
"""

import re
import zlib
from functools import cached_property

from services.detect.context import SMALL_WORDS
from services.detect.view import BodyView, ExchangeView, RequestView, ResponseView

# What is looked at of a body, decoded. Errors and files stand at the beginning of what they are in.
BODY_BYTES_MAX = 65_536
SNIFFED_BYTES = 256
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
    """One response, with its request. `body` is decoded on first use."""

    def __init__(
        self, exchange: ExchangeView, request: RequestView, response: ResponseView
    ) -> None:
        self.exchange = exchange
        self.request = request
        self.status = response.status
        self.headers = [(name.lower(), value) for name, value in response.headers]
        self.path = request.target.partition(b"?")[0]
        self._response = response

    def header(self, name: bytes) -> bytes:
        """The first value of a header of the response, or nothing."""
        return next((value for key, value in self.headers if key == name), b"")

    @cached_property
    def kind(self) -> str:
        """html, json, xml, script or text; empty: nothing to read."""
        said = self.header(b"content-type").partition(b";")[0].strip().lower()
        if not said:
            return _sniffed(self._start)
        if said == b"application/octet-stream" and BARE_FILE.search(self.path):
            return "text" if PRINTABLE.match(self._start[:SNIFFED_BYTES]) else ""
        return _named(said)

    @cached_property
    def _start(self) -> bytes:
        return beginning(self._response.body)

    @cached_property
    def body(self) -> bytes:
        """The beginning of the decoded body; nothing where it is no text."""
        return self._start if self.kind else b""

    @cached_property
    def prose(self) -> bool:
        """Whether people wrote this to be read: an article, a manual, a thread."""
        words = [word.lower() for word in SMALL_WORDS.findall(TAG.sub(b" ", self.body))]
        return len(words) >= PROSE_WORDS_MIN and len(set(words)) >= PROSE_DISTINCT_MIN

    @property
    def failed(self) -> bool:
        """The server itself calls it an error of its own."""
        return self.status >= 500


def beginning(body: BodyView) -> bytes:
    """At most BODY_BYTES_MAX of the decoded body; of a deflated one the rest is not decoded."""
    if body.encoding is None:
        return body.kept[:BODY_BYTES_MAX]
    if body.encoding in ("gzip", "x-gzip", "deflate"):
        try:
            return zlib.decompressobj(wbits=47).decompress(body.kept, BODY_BYTES_MAX)
        except zlib.error:
            pass  # deflate without its head, or damaged: native knows what to do
    return body.decoded()[:BODY_BYTES_MAX]


def _named(said: bytes) -> str:
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
