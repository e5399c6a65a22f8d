"""A request as named points: every place where a client can put a value, decoded to its depth.

In:   a request (view.RequestView).
Out:  Points: where, as in `query.id` or `body.json.user.name`; the bytes as sent; the value after
      each chain of decoders, so one place gives several points. `overlimit` names each budget that
      was hit: what lies beyond it was not looked at.
Keeps: nothing.
"""

import re
from typing import NamedTuple

from services.detect import structures
from services.detect.clean import Clean, Cost, Header
from services.detect.decoders import DECODERS, READINGS, encoded
from services.detect.grpc import texts
from services.detect.view import Headers, RequestView

# Three layers are common (JSON in base64 in a form); two more leave room for who hides.
DEPTH_MAX = 5
# Points of one request, and bytes of all their values: a megabyte costs some 10 ms.
POINTS_MAX = 2_000
VALUE_BYTES_MAX = 262_144
TOTAL_BYTES_MAX = 1_048_576
# Layers of structure inside values: JSON in a parameter, a form in JSON …
NESTED_BYTES_MAX = 65_536

NAME_PLAIN = re.compile(rb"(?!__)[\w-]*\Z")
CONTENT_TYPE = b"content-type"
# Upload scripts take the name from a header; proxies turn its dashes to other signs.
FILE_NAME_HEADER = re.compile(rb"x[-_.]file(?:[-_.])?name\Z")
STRUCTURE_STARTS = (b"{", b"[", b"<")
SEGMENT_PLAIN = re.compile(rb"[\w.~-]{0,9}\Z")
# Headers that say how to talk and not what: clients repeat them unchanged; no application reads
# their values into a query or a page.
TECHNICAL = frozenset(
    b"accept-encoding connection content-length content-encoding transfer-encoding te upgrade "
    b"if-modified-since if-unmodified-since date expect dnt keep-alive priority".split()
)

# Names that say nothing; all others are looked at as values.
ORDINARY = TECHNICAL | frozenset(
    b"host user-agent accept accept-language accept-charset referer origin cookie content-type"
    b" cache-control pragma authorization x-requested-with upgrade-insecure-requests sec-ch-ua"
    b" sec-ch-ua-mobile sec-ch-ua-platform sec-fetch-site sec-fetch-mode sec-fetch-dest"
    b" sec-fetch-user x-forwarded-for x-forwarded-proto x-forwarded-host x-real-ip via".split()
)


class Point(NamedTuple):
    """One value to look at. A tuple: a browser's request makes fifty of them."""

    place: str  # path, query, header, cookie, body.form, body.json, body.xml, body.part, body …
    name: bytes
    raw: bytes
    value: bytes
    chain: tuple[str, ...] = ()

    @property
    def where(self) -> str:
        """The place and the name as shown: `query.id`."""
        name = self.name.decode("utf-8", "backslashreplace")
        return f"{self.place}.{name}" if name else self.place


class Points:
    """Collects the points of one request, within the budgets."""

    def __init__(self) -> None:
        self.found: list[Point] = []
        self.overlimit: set[str] = set()
        self.headers: list[tuple[Header, Cost]] = []
        """Headers that were looked at, with what they cost."""
        self._points = 0
        self._bytes = 0

    def spent(self) -> Cost:
        """What all points so far cost of the budgets."""
        return self._points, self._bytes

    def spent_since(self, before: Cost) -> Cost:
        """What was spent after `before`."""
        return self._points - before[0], self._bytes - before[1]

    def charge(self, cost: Cost) -> None:
        """Spend without a point."""
        self._points += cost[0]
        self._bytes += cost[1]

    def add(self, place: str, name: bytes, raw: bytes, *, plus: bool = False) -> None:
        """A value as sent: it, and whatever decoders make of it."""
        value = raw.replace(b"+", b" ") if plus and b"+" in raw else raw
        if len(value) > VALUE_BYTES_MAX:
            self.overlimit.add("value bytes")
            value = value[:VALUE_BYTES_MAX]
        if not self._room(len(value)):
            return
        self.found.append(Point(place, name, raw, value))
        if encoded(value):
            self._decode(place, name, raw, value)
        elif value[:1] in STRUCTURE_STARTS and place not in ("body", "document"):
            self._nested(place, name, [value])

    def add_name(self, place: str, name: bytes) -> None:
        """A parameter's name, where it holds more than a name does."""
        if not NAME_PLAIN.match(name):
            self.add(place + ".name", b"", name, plus=True)

    def _decode(self, place: str, name: bytes, raw: bytes, value: bytes) -> None:
        """Every decoder on every value, breadth first; each distinct result once."""
        seen = {value}
        queue: list[tuple[bytes, tuple[str, ...]]] = [(value, ())]
        for current, chain in queue:
            # A reading is scanned only: what it leaves has no layers below.
            for method, read in READINGS:
                self._keep(place, name, raw, read(current), (*chain, method), seen)
            for method, decode in DECODERS:
                out = decode(current)
                if out is None or out in seen:
                    continue
                if len(chain) >= DEPTH_MAX:
                    self.overlimit.add("decoding depth")
                    break
                if self._keep(place, name, raw, out, (*chain, method), seen):
                    queue.append((out, (*chain, method)))
        if place not in ("body", "document"):
            self._nested(place, name, [item for item, _ in queue])

    def _keep(
        self,
        place: str,
        name: bytes,
        raw: bytes,
        value: bytes | None,
        chain: tuple[str, ...],
        seen: set[bytes],
    ) -> bool:
        if value is None or value in seen or not self._room(len(value)):
            return False
        seen.add(value)
        self.found.append(Point(place, name, raw, value, chain))
        return True

    def _nested(self, place: str, name: bytes, values: list[bytes]) -> None:
        """Structures inside a value; one level here, the next by the values' own turn."""
        if place.count(">") >= DEPTH_MAX:
            self.overlimit.add("nesting depth")
            return
        for value in values:
            inner, pairs = _structure(value)
            if pairs is None:
                continue
            if len(value) > NESTED_BYTES_MAX or len(pairs) >= structures.PAIRS_MAX:
                self.overlimit.add("nested values")
            for key, leaf in pairs:
                self.add_name(place + inner, key)
                if leaf:
                    self.add(place + inner, name + b"." + key if name else key, leaf)

    def _room(self, size_bytes: int) -> bool:
        if self._points >= POINTS_MAX:
            self.overlimit.add("points")
            return False
        if self._bytes + size_bytes > TOTAL_BYTES_MAX:
            self.overlimit.add("total bytes")
            return False
        self._points += 1
        self._bytes += size_bytes
        return True


def _structure(value: bytes) -> tuple[str, structures.Pairs | None]:
    """What kind of document the value is, and what it holds; of a long one its beginning."""
    value = value[:NESTED_BYTES_MAX]
    if value[:1] in (b"{", b"["):
        return ">json", structures.json_pairs(value)
    if value[:2] in (b"<?", b"<!"):
        return ">xml", structures.xml_pairs(value)
    return "", None


def points_of(request: RequestView, clean: Clean) -> Points:
    """Every point of a request, but for headers that are known to be clean."""
    points = Points()
    _target(points, request.target)
    content_type = b""
    for header in request.headers:
        if len(header[0]) == len(CONTENT_TYPE) and header[0].lower() == CONTENT_TYPE:
            content_type = header[1]
        cost = clean.cost(header)
        if cost is None:
            before = points.spent()
            _header(points, *header)
            points.headers.append((header, points.spent_since(before)))
        else:
            points.charge(cost)
    body = request.body.decoded()
    if body and content_type[:16].lower() == b"application/grpc":
        add_grpc(points, body, request.headers, content_type)
    elif body:
        add_body(points, body, content_type)
    return points


def _header(points: Points, raw_name: bytes, value: bytes) -> None:
    name = raw_name.lower()
    if name == b"cookie":
        _pairs(points, "cookie", structures.cookies(value))
        if b"{" in value:  # what has ; in it is not one cookie
            points.add("cookie", b"", value)
    elif name not in TECHNICAL:
        points.add("header", name, value)
        if FILE_NAME_HEADER.match(name):
            points.add("header.file.name", name, value)
    if name not in ORDINARY:
        points.add("header.name", b"", raw_name)


def _target(points: Points, target: bytes) -> None:
    path, _, query = target.partition(b"?")
    points.add("path", b"", path)
    for index, segment in enumerate(path.split(b"/")[1:]):
        if not SEGMENT_PLAIN.match(segment):
            points.add("path", b"%d" % (index + 1), segment)
    if query:
        pairs = structures.form(query)
        _pairs(points, "query", pairs, plus=True)
        # A query that is no list of pairs is one value: ?<payload with & and = in it>.
        if b"=" not in query or not NAME_PLAIN.match(pairs[0][0] if pairs else b""):
            points.add("query", b"", query, plus=True)


def _pairs(points: Points, place: str, pairs: structures.Pairs, *, plus: bool = False) -> None:
    if len(pairs) >= structures.PAIRS_MAX:
        points.overlimit.add("pairs")
    for name, value in pairs:
        points.add_name(place, name)
        if value:
            points.add(place, name, value, plus=plus)


def add_grpc(points: Points, body: bytes, headers: Headers, content_type: bytes) -> None:
    """Texts of protobuf by their field numbers; what is no protobuf as a body of its own."""
    encoding = next((value for name, value in headers if name.lower() == b"grpc-encoding"), None)
    for name, value in texts(body, content_type, encoding):
        if name is None:
            add_body(points, value, b"")
        else:
            points.add("body.grpc", name, value)


def add_body(points: Points, body: bytes, content_type: bytes) -> None:
    """The body by what it is: by its own first bytes where its type says nothing or lies."""
    kind = content_type.lower()
    if b"multipart/" in kind and b"boundary" in kind:
        _multipart(points, body, content_type)
        return
    start = body[:64].lstrip()[:1]
    if start in (b"{", b"[") or b"json" in kind:
        pairs = structures.json_pairs(body)
        if pairs is not None:
            _pairs(points, "body.json", pairs)
            return
    if start == b"<" or b"xml" in kind:
        points.add("document", b"", body)
        _pairs(points, "body.xml", structures.xml_pairs(body) or [])
        return
    if b"urlencoded" in kind or (b"=" in body[:256] and not re.search(rb"[\s{<]", body[:64])):
        _pairs(points, "body.form", structures.form(body), plus=True)
        return
    points.add("body", b"", body)


def _multipart(points: Points, body: bytes, content_type: bytes) -> None:
    for name, file_name, content in structures.multipart(body, content_type):
        points.add_name("body.part", name)
        if file_name is not None:
            points.add("body.file.name", name, file_name)
        if content:
            points.add("body.part" if file_name is None else "body.file", name, content)
