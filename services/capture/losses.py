"""What an agent could not deliver or never saw, as ledger records."""

from schemas.codec import decode_as, encode
from schemas.types import Amount, Layer, LedgerEntry, PacketBlock
from services.capture.letters import Letter
from services.capture.settings import TOPIC

LEDGER = "ledger"
NOTHING = Amount(packets=0, bytes=0)


def missing(
    ident: str, *, site: str, agent: str, at_us: int, causes: dict[str, Amount], layer: Layer
) -> bytes:
    """A LedgerEntry of what is missing by cause: outside of the balance."""
    entry = LedgerEntry(
        id=ident,
        at_us=at_us,
        site=site,
        layer=layer,
        source=agent,
        entered=NOTHING,
        left=NOTHING,
        dropped={},
        held=NOTHING,
        missing=causes,
        parts={},
    )
    return encode(entry)


def content(block: PacketBlock) -> Amount:
    """Packets and captured bytes of a block."""
    return Amount(packets=block.packets, bytes=block.captured_bytes)


def content_of(letter: Letter) -> Amount:
    """The same of a letter; only blocks have any."""
    if letter.topic != TOPIC:
        return NOTHING
    return content(decode_as(PacketBlock, letter.value))


class Losses:
    """Amounts by cause since the last `take`."""

    def __init__(self) -> None:
        self._causes: dict[str, Amount] = {}

    def add(self, cause: str, amount: Amount) -> None:
        """Count more."""
        known = self._causes.get(cause, NOTHING)
        self._causes[cause] = Amount(
            packets=known.packets + amount.packets, bytes=known.bytes + amount.bytes
        )

    def take(self) -> dict[str, Amount]:
        """All of it, once."""
        causes, self._causes = self._causes, {}
        return causes
