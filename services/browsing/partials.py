"""What one client's doings say beyond its partition: partial counters for `signals`.

In:     refused and accepted attempts; missing paths; attacks that detection found; watermarks.
Out:    Signal records. Each comes from one exchange, whose id begins its own: whatever is seen
        again after a crash or in a replay has the same id, and where batches are cut changes none.
"""

import ipaddress
from collections.abc import Callable, Sequence
from functools import lru_cache

from schemas.codec import encode
from schemas.types import Evidence, Finding, Signal, Try
from services.browsing.attempt import hashed
from services.browsing.seen import Seen
from services.runtime.core import EVERY, Output

TOPIC = "signals"
REFUSED, ACCEPTED, MISSED, ATTACKED = "refused", "accepted", "missed", "attacked"
USER, SECRET, HOST, NETWORK, CLIENT = "user", "secret", "host", "network", "client"
# Whose keys carry these may sit anywhere; a name longer than DNS has is cut.
KEY_CHARACTERS_MAX = 300
NETWORKS_KEPT = 16_384

Send = Callable[[Output], None]


def attempted(seen: Seen, one: Try, *, refused: bool, send: Send) -> None:
    """A new pair of user and secret, refused or accepted."""
    client = hashed(b"", seen.client.encode())
    if not refused:
        _send(seen, ACCEPTED, HOST, seen.host, (one.user,), (client,), send)
        return
    secrets = (one.secret,)
    _send(seen, REFUSED, HOST, seen.host, (one.user,), (client,), send)
    _send(seen, REFUSED, USER, f"{seen.host} {one.user:08x}", secrets, (client,), send)
    _send(seen, REFUSED, SECRET, f"{seen.host} {one.secret:08x}", (one.user,), (client,), send)


def repeated(seen: Seen, one: Try, send: Send) -> None:
    """A refused pair again, at most once a second: no list has one twice."""
    client = hashed(b"", seen.client.encode())
    _send(seen, REFUSED, SECRET, f"{seen.host} {one.secret:08x}", (one.user,), (client,), send)


def missed(seen: Seen, send: Send) -> None:
    """A missing path of a client that mostly misses."""
    client, path = hashed(b"", seen.client.encode()), seen.path_hash
    _send(seen, MISSED, HOST, seen.host, (path,), (client,), send)
    network = network_of(seen.client)
    if network:
        _send(seen, MISSED, NETWORK, network, (path,), (client,), send)


def attacked(finding: Finding, one: Evidence, payload: int, class_: int) -> Output:
    """A request of an attack that a gate would block; both numbers are hashes of 32 bits."""
    name = finding.client[:KEY_CHARACTERS_MAX]
    record = Signal(
        id=f"{one.exchange}/{ATTACKED}/{one.rule}/{payload:08x}", counter=ATTACKED,
        key_kind=CLIENT, key=name, site=finding.site, at_us=one.at_us, amount=1,
        members=(payload.to_bytes(4, "big"),), others=(class_.to_bytes(4, "big"),),
    )  # fmt: skip
    return Output(TOPIC, f"{CLIENT}/{finding.site}/{name}".encode(), encode(record))


def pulse(site: str, watermark_us: int, *, ended: bool, send: Send) -> None:
    """Packet time of the site moved on; `ended`: nothing is to come (an amount of 1)."""
    record = Signal(
        id=f"{site}/{watermark_us}/pulse", counter="", key_kind="", key="", site=site,
        at_us=watermark_us, amount=int(ended), members=(), others=(),
    )  # fmt: skip
    send(Output(TOPIC, None, encode(record), EVERY))


@lru_cache(NETWORKS_KEPT)
def network_of(client: str) -> str:
    """The /24 or /64 that an address is in; empty: it is none."""
    try:
        address = ipaddress.ip_address(client)
    except ValueError:
        return ""
    size = 24 if address.version == 4 else 64
    return str(ipaddress.ip_network(f"{client.partition('%')[0]}/{size}", strict=False))


def _send(
    seen: Seen, counter: str, kind: str, key: str, members: Sequence[int], others: Sequence[int],
    send: Send,
) -> None:  # fmt: skip
    name = key[:KEY_CHARACTERS_MAX]
    record = Signal(
        id=f"{seen.exchange}/{counter}/{kind}", counter=counter, key_kind=kind, key=name,
        site=seen.site, at_us=seen.at_us, amount=1,
        members=tuple(one.to_bytes(4, "big") for one in members),
        others=tuple(one.to_bytes(4, "big") for one in others),
    )  # fmt: skip
    # Without the counter: what is refused and what is accepted at a host must meet.
    send(Output(TOPIC, f"{kind}/{seen.site}/{name}".encode(), encode(record)))
