"""Browsing as a service: one core for each partition of `exchanges`."""

from services.browsing.core import BrowsingCore
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
        inputs={"exchanges": lambda _: BrowsingCore(settings, masker, read_exchange)},
        state="state.browsing",
        intervals=4,
    )
