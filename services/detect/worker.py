"""Detection as a service: one core for each partition of `exchanges`."""

from functools import cache

from services.detect.core import DetectCore
from services.detect.settings import Settings
from services.detect.verdict import Inspector
from services.runtime.core import Service
from services.runtime.exchanges import read_exchange
from services.runtime.mask_key import mask_key
from services.runtime.masking import Masker


def service(settings: Settings) -> Service:
    """The service with these settings. The rules are compiled once, with the first core."""
    masker = Masker(mask_key(settings.mask_key_file))
    inspector = cache(Inspector)
    return Service(
        name="detect",
        inputs={"exchanges": lambda _: DetectCore(settings, masker, read_exchange, inspector())},
        state="state.detect",
        broadcasts=("policy",),
    )
