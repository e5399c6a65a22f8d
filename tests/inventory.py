"""Discovery from end to end in a test: exchanges in, the inventory out."""

from collections.abc import Iterable, Sequence

from sidetap_native import Exchange as NativeExchange

from schemas.codec import decode
from schemas.types import Endpoint, Exchange, Watermark
from services.discovery.merge import MergeCore
from services.discovery.observe import ObserveCore
from services.discovery.settings import Settings
from services.runtime.core import Event, Output
from tests.traffic import run

Operations = dict[tuple[str, str, str], Endpoint]
"""By host, method and template; behind a blank the protocol's operation, where there is one."""


def sightings(
    records: Sequence[Exchange | Watermark], *, partition: int = 0, batch: int = 10_000
) -> list[Output]:
    """What one partition of `exchanges` gives."""
    changes = run(ObserveCore(partition, NativeExchange, Settings()), records, batch=batch)
    assert changes.rejected == []
    return changes.outputs


def merged(outputs: Iterable[Output], core: MergeCore | None = None) -> list[Endpoint]:
    """What the sightings give, in the order it is told."""
    core = core or MergeCore(Settings())
    events = [Event("sightings", 0, i, out.key, out.value) for i, out in enumerate(outputs)]
    core.feed(events)
    changes = core.take()
    assert changes.rejected == []
    return [decode(out.value) for out in changes.outputs if out.value and out.topic == "endpoints"]


def inventory(told: Iterable[Endpoint]) -> Operations:
    """What stands in the inventory after all was told: the last word counts."""
    known: Operations = {}
    for endpoint in told:
        named = f" {endpoint.operation}" if endpoint.operation else ""
        key = endpoint.host, endpoint.method, endpoint.template + named
        known.pop(key, None)
        if not endpoint.removed:
            known[key] = endpoint
    return dict(sorted(known.items()))


def discovered(records: Sequence[Exchange | Watermark]) -> Operations:
    """The whole way, with a last pulse."""
    end = Watermark(source="packets/0", sources=1, site="default", at_us=2**51, released=True)
    return inventory(merged(sightings([*records, end])))
