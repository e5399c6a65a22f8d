"""A request as named points: every place where a client can put a value, decoded to its depth.

In:   a request, or the messages of a WebSocket's client (view.py).
Out:  Points: where, as in `query.id` or `body.json.user.name`; the bytes as sent; the value after
      each chain of decoders, so one place gives several points. `overlimit` names each budget that
      was hit: what lies beyond it was not looked at.
Keeps: header values in which nothing was found, so that they are not looked at again.

The cutting is native (native/src/points): in Python it took more time than all rules together.
Places are path, query, header, cookie, body.form, body.json, body.xml, body.part, body.file,
body.grpc, body.graphql, document and body, with `.name` behind it for a name, `>json`, `>xml` and
`>graphql` for a document in a value.
"""

from collections.abc import Iterable
from typing import NamedTuple

import sidetap_native

from services.detect.view import MessageView, RequestView

# Text, binary, and the end of a message whose beginning was not seen (RFC 6455, 11.8).
DATA = (0, 1, 2)


class Point(NamedTuple):
    """One value to look at."""

    place: str
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
    """The points of one request; made into Python's own values when somebody asks for them."""

    def __init__(self, cut: sidetap_native.Points) -> None:
        self.cut = cut
        self.joined = cut.joined()
        """All values, each with a line feed behind it."""
        self._found: list[Point] | None = None

    def __len__(self) -> int:
        """How many."""
        return len(self.cut)

    @property
    def found(self) -> list[Point]:
        """All of them, in the order of the request."""
        if self._found is None:
            self._found = [Point._make(point) for point in self.cut.found()]
        return self._found

    @property
    def overlimit(self) -> list[str]:
        """Budgets that were hit, by name."""
        return self.cut.overlimit


class Cutter:
    """Cuts requests. The same request gives the same points but for headers that said nothing."""

    def __init__(self) -> None:
        self._native = sidetap_native.PointCutter()

    def request(self, request: RequestView) -> Points:
        """Every point of a request, but for headers that are known to be clean."""
        body = request.body.decoded()
        return Points(self._native.request(request.target, request.headers, body))

    def messages(self, messages: Iterable[MessageView]) -> Points:
        """Every point of what the client said; what is still compressed says nothing.

        A message has the points that a body of the same bytes has: `body.json.name`, `body`.
        """
        return Points(
            self._native.messages(
                [
                    message.payload
                    for message in messages
                    if message.from_client and message.opcode in DATA and not message.compressed
                ]
            )
        )

    def learn(self, points: Points) -> None:
        """Take in the headers of a request in which nothing was found."""
        self._native.learn(points.cut)
