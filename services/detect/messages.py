"""The messages of a WebSocket's client as named points.

In:   messages (view.MessageView).
Out:  Points, as a body of the same bytes would have them: `body.json.name`, `body`.
Keeps: nothing.
"""

import re
from collections.abc import Iterable

from services.detect.points import Points, add_body
from services.detect.view import MessageView

# Text, binary, and the end of a message whose beginning was not seen (RFC 6455, 11.8).
DATA = (0, 1, 2)
# Engine.IO and Socket.IO put numbers of their own in front of JSON: `42["say","hello"]`.
NUMBERED = re.compile(rb"\d{1,9}(?=[\[{])")


def points_of_messages(messages: Iterable[MessageView]) -> Points:
    """Every point of what the client said; what is still compressed says nothing."""
    points = Points()
    for message in messages:
        if message.from_client and message.opcode in DATA and not message.compressed:
            payload = message.payload
            number = NUMBERED.match(payload)
            if payload:
                add_body(points, payload[number.end() :] if number else payload, b"")
    return points
