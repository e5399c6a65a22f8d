"""Detection as a service: exchanges are judged by client, vulnerabilities added up by place."""

from functools import cache

from services.detect.core import DetectCore
from services.detect.models import Models, named
from services.detect.settings import Settings
from services.detect.verdict import Inspector
from services.detect.vulnerabilities import VulnerabilitiesCore
from services.runtime.core import Service
from services.runtime.exchanges import read_exchange
from services.runtime.mask_key import mask_key
from services.runtime.masking import Masker


def service(settings: Settings) -> Service:
    """The service with these settings. The rules are compiled once, with the first core.

    Raises ValueError, in one sentence, where a file that the settings name cannot be read.
    """
    masker = Masker(mask_key(settings.mask_key_file))
    inspector = cache(Inspector)
    # Read once: a file that changes must not divide the partitions.
    decides = named(settings.model) if settings.model else None

    def models() -> Models:
        made = Models()
        if settings.model:
            made.fix(decides)
        return made

    return Service(
        name="detect",
        inputs={
            "exchanges": lambda partition: DetectCore(
                settings, masker, read_exchange, inspector(), partition=partition, models=models()
            ),
            "weaknesses": lambda _: VulnerabilitiesCore(settings),
        },
        state="state.detect",
        broadcasts=("policy",),
    )
