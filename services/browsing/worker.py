"""Browsing as a service: clients are watched by partition, what they do together is added up.

Findings of detection are read to count the kinds of attack that one client tries.
"""

from services.browsing.core import BrowsingCore
from services.browsing.crowd import CrowdCore
from services.browsing.payloads import PayloadsCore
from services.browsing.settings import Settings
from services.runtime.core import Service
from services.runtime.exchanges import read_exchange
from services.runtime.mask_key import mask_key
from services.runtime.masking import Masker


def service(settings: Settings) -> Service:
    """The service with these settings."""
    masker = Masker(mask_key(settings.mask_key_file))
    return Service(
        name="browsing",
        inputs={
            "exchanges": lambda _: BrowsingCore(settings, masker, read_exchange),
            "signals": lambda _: CrowdCore(settings),
            "findings": lambda _: PayloadsCore(),
        },
        state="state.browsing",
        broadcasts=("endpoints", "policy"),
        intervals=4,
    )
