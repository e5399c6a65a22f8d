"""SOAP 1.1 and 1.2: the operation is the first element of the body.

In document/literal wrapped and in RPC style, which is nearly all there is (WS-I Basic Profile
1.1, 4.7), that element has the operation's name. Where the body cannot be read, the action names
it: SOAPAction (1.1) or the media type's `action` (1.2), a URI whose last part is the name.
"""

import re
from contextlib import suppress
from xml.parsers import expat

from services.discovery.protocols.spoken import Spoken, plausible

ENVELOPE = re.compile(rb"<(?:[\w-]+:)?Envelope[\s>]")
# The body begins behind the header, which may hold a certificate and a signature.
LOOKED_AT_BYTES_MAX = 65_536
ACTION = re.compile(rb'action\s*=\s*"?([^";]{1,512})', re.I)


class _Found(Exception):  # noqa: N818 - it ends the reading, it is no error
    """The name is known: the rest need not be read."""


def spoken(envelope: bytes, content_type: bytes, action: bytes | None) -> Spoken:
    """What an envelope asks for."""
    name = _first_of_body(envelope[:LOOKED_AT_BYTES_MAX]) or _of_action(content_type, action)
    return Spoken("soap", (plausible(name),))


def _first_of_body(envelope: bytes) -> str:
    parser = expat.ParserCreate()
    path: list[str] = []
    names: list[str] = []

    def start(name: str, _: object) -> None:
        path.append(name.rpartition(":")[2])
        if len(path) == 3 and path[:2] == ["Envelope", "Body"]:
            names.append(path[2])
            raise _Found

    def end(_: str) -> None:
        path.pop()

    def refuse(*_: object) -> None:
        raise ValueError("SOAP 1.2, 5: no document type")

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.StartDoctypeDeclHandler = refuse
    with suppress(_Found, expat.ExpatError, ValueError):
        parser.Parse(envelope, False)
    return names[0] if names else ""


def _of_action(content_type: bytes, action: bytes | None) -> str:
    found = ACTION.search(content_type)
    uri = found[1] if found else (action or b"").strip(b'" ')
    return uri.decode("latin-1").rstrip("/").rpartition("/")[2].rpartition("#")[2]
