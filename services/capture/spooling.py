"""What a live capture sends: at once where there is room, else by way of the disk.

In:     letters, which never wait: packets don't either.
Out:    the same letters in the same order, through the outbox.
Keeps:  the outbox's window and the spool; what neither could take is handed to `lost`.
"""

from collections.abc import Callable
from dataclasses import dataclass

from services.capture.letters import Letter
from services.capture.outbox import Outbox
from services.capture.spool import Spool, Spooled

SPOOL = "spool"


@dataclass(slots=True)
class SpoolTrouble:
    """Says once that the spool is full, and once that this is over."""

    say: Callable[[str], None]
    lost: int = 0

    def refused(self, reason: str) -> None:
        """One more letter was lost."""
        if not self.lost:
            self.say(f"the spool cannot take more: {reason}; packets are lost and counted")
        self.lost += 1

    def over(self) -> None:
        """The spool is empty again; earlier, a small letter may fit where a block does not."""
        if self.lost:
            self.say(f"the spool is empty again; {self.lost} records were lost")
            self.lost = 0


class SpooledOutbox:
    """An outbox with a spool behind it. Its letters' lanes are this class's own."""

    def __init__(
        self,
        spool: Spool,
        *,
        say: Callable[[str], None],
        lost: Callable[[Letter], None],
    ) -> None:
        self._spool = spool
        self._lost = lost
        self._trouble = SpoolTrouble(say)
        self._under_way: dict[int, Spooled] = {}
        self._popped = 0
        self._outbox: Outbox | None = None

    def through(self, outbox: Outbox) -> None:
        """The outbox to use; it must report what it settles to `settled`."""
        self._outbox = outbox

    @property
    def outbox(self) -> Outbox:
        """The outbox in use."""
        assert self._outbox is not None, "`through` comes first"
        return self._outbox

    def settled(self, letter: Letter, reason: str | None) -> None:
        """For the outbox: a letter has arrived, or never can."""
        if letter.lane == SPOOL:
            self._spool.settle(self._under_way.pop(letter.sequence))
        if reason is not None:
            self._lost(letter)

    def send(self, letter: Letter) -> None:
        """Take on a letter; behind everything that was taken before."""
        if not self._spool.unread and self.outbox.room:
            self._trouble.over()
            self.outbox.post(letter)
        else:
            self._keep(letter)

    def serve(self, wait_s: float) -> None:
        """Hear of arrivals and move on what waits on the disk."""
        self.outbox.serve(wait_s)
        while self.outbox.room and (spooled := self._spool.pop()):
            self._under_way[self._popped] = spooled
            found = Letter.unpack(spooled.record)
            self.outbox.post(
                Letter(found.topic, found.value, found.partition, found.key, SPOOL, self._popped)
            )
            self._popped += 1

    @property
    def refusing(self) -> bool:
        """Whether letters were lost since the spool was last empty: more may be."""
        return self._trouble.lost > 0

    @property
    def empty(self) -> bool:
        """Whether everything has arrived."""
        return self.outbox.empty and not self._spool.unread

    def close(self) -> int:
        """Put what is under way on the disk for the next start; how many letters were lost.

        It goes before all that the spool holds: a block that comes after its successor would be
        taken for a repeat. Letters that came from the spool go again, in their place.
        """
        unsettled = self.outbox.unsettled
        reason = self._spool.put_first([letter.pack() for letter in unsettled])
        self._spool.close()
        if reason is None:
            return 0
        for letter in unsettled:
            self._trouble.refused(reason)
            self._lost(letter)
        return len(unsettled)

    def _keep(self, letter: Letter) -> None:
        reason = self._spool.append(letter.pack())
        if reason is not None:
            self._trouble.refused(reason)
            self._lost(letter)
