"""How far a file's blocks are acknowledged, so that a resumed run does not send all again.

It only saves work: what is sent twice is dropped by reassembly, by its sequence number.
"""

from pathlib import Path

from services.capture import keeping


class Progress:
    """Acknowledged blocks of one epoch, by lane ("packets/3", "ledger").

    `next` is the first sequence number of a lane that may not have arrived.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        saved = keeping.load(path)
        self._next: dict[str, int] = dict(saved.get("next", {}))
        self._beyond: dict[str, set[int]] = {}
        self.done: bool = saved.get("done", False)
        """Whether the whole file has arrived."""

    def next(self, lane: str) -> int:
        """Where to go on."""
        return self._next.get(lane, 0)

    def arrived(self, lane: str, sequence: int) -> None:
        """One record has arrived; only a run without holes counts."""
        beyond = self._beyond.setdefault(lane, set())
        beyond.add(sequence)
        position = self.next(lane)
        while position in beyond:
            beyond.remove(position)
            position += 1
        self._next[lane] = position

    def save(self) -> None:
        """Write it down. Raises OSError."""
        keeping.save(self._path, {"next": self._next, "done": self.done})
