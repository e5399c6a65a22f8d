"""Discovery as a service: exchanges are summed up by partition, sums are merged by host."""

from services.discovery.merge import MergeCore
from services.discovery.observe import ObserveCore
from services.discovery.settings import Settings
from services.runtime.core import Service
from services.runtime.exchanges import read_exchange


def service(settings: Settings) -> Service:
    """The service with these settings."""
    return Service(
        name="discovery",
        inputs={
            "exchanges": lambda partition: ObserveCore(partition, read_exchange, settings),
            "sightings": lambda _: MergeCore(settings),
        },
        state="state.discovery",
        broadcasts=("policy",),
        intervals=10,
    )
