"""Which paths belong to known operations, as discovery tells: what is missing there is no guess.

In:     Endpoint records as broadcasts; host and path of an answer that says "not there".
Out:    the template of the operation that the path belongs to.
Keeps:  templates of admitted operations by host, until they are removed; nothing is state, for
        the topic `endpoints` has it all.

An operation counts an hour of packet time after its first request: by then every worker has heard
of it, so what is found depends on packets and not on which topic was read first; and nobody makes
his own paths known while he scans.
"""

from functools import lru_cache

from schemas.codec import UndecodableError, decode_as
from schemas.types import Endpoint
from services.runtime.core import Event

TOPIC = "endpoints"
KNOWN_US = 3_600_000_000
# As many as discovery keeps of fifty hosts at its limit; some 300 bytes each.
OPERATIONS_MAX = 100_000
# Records decoded lately: each core of a worker hears each of them.
DECODED_MAX = 1_024
SEGMENTS_MAX = 64

Place = tuple[str, str]
"""Site and host."""
Segments = tuple[bytes, ...]


class Inventory:
    """See above; of one core."""

    def __init__(self) -> None:
        self._operations: dict[bytes, tuple[Place, Segments]] = {}
        # By place and number of segments: templates, each with the records that name it and since
        # when; methods share a template.
        self._known: dict[tuple[Place, int], dict[Segments, dict[bytes, int]]] = {}

    def learn(self, event: Event) -> None:
        """One record of the topic; what cannot be read is discovery's to mend."""
        if event.topic != TOPIC or event.key is None:
            return
        self._forget(event.key)
        if event.value is None:
            return
        read = _read(event.value)
        if read is None or len(self._operations) >= OPERATIONS_MAX:
            return
        place, segments, first_us = read
        self._operations[event.key] = (place, segments)
        templates = self._known.setdefault((place, len(segments)), {})
        templates.setdefault(segments, {})[event.key] = first_us

    def template(self, site: str, host: str, path: bytes, at_us: int) -> bytes:
        """Of the known operation that a path belongs to; empty: of none."""
        segments = tuple(path.split(b"/", SEGMENTS_MAX))
        templates = self._known.get(((site, host), len(segments)))
        if templates is None:
            return b""
        before_us = at_us - KNOWN_US
        found = [segments] if segments in templates else templates
        for template in found:
            if _matches(template, segments) and min(templates[template].values()) <= before_us:
                return b"/".join(template)
        return b""

    def _forget(self, key: bytes) -> None:
        before = self._operations.pop(key, None)
        if before is None:
            return
        place, segments = before
        templates = self._known[place, len(segments)]
        del templates[segments][key]
        if not templates[segments]:
            del templates[segments]


def _matches(template: Segments, segments: Segments) -> bool:
    return all(
        one == other or (one[:1] == b"{" and other)
        for one, other in zip(template, segments, strict=True)
    )


@lru_cache(DECODED_MAX)
def _read(value: bytes) -> tuple[Place, Segments, int] | None:
    """Where and since when; None: no operation that is in use and tells paths apart."""
    try:
        record = decode_as(Endpoint, value)
    except UndecodableError:
        return None
    if record.removed or not record.admitted:
        return None
    segments = tuple(record.template.encode().split(b"/", SEGMENTS_MAX))
    if all(one[:1] == b"{" for one in segments if one):
        return None  # any path of this length: it says nothing
    return (record.site, record.host), segments, record.first_us
