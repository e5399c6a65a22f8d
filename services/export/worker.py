"""How export plugs into the transactional worker."""

from collections.abc import Callable

from services.export.core import FINDINGS, Export, exchanges
from services.export.settings import Settings
from services.runtime.core import Core, Service
from services.runtime.mask_key import mask_key
from services.runtime.masking import Masker


def service(settings: Settings) -> Service:
    """Findings always; exchanges where the settings say so. Raises ValueError without a key."""
    inputs: dict[str, Callable[[int], Core]] = {"findings": lambda _: Export(FINDINGS)}
    if settings.exchanges:
        translation = exchanges(Masker(mask_key(settings.mask_key_file)))
        inputs["exchanges"] = lambda _: Export(translation)
    return Service(name="export", inputs=inputs, intervals=4)
