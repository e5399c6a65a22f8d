"""Which file a line goes to: one that is written, and older ones with a number behind.

In:   the size of the file that is written and of what comes.
Out:  whether to turn over first, and the renames and the deletion that do it.

events.jsonl is the newest; at each turn events.jsonl.1 becomes .2 and so on, and the last one
goes. This is what logrotate does, so every log shipper follows it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Rotation:
    """`files_max` counts all files, the written one too: the disk holds bytes × files."""

    path: Path
    file_bytes_max: int
    files_max: int

    def turns_over(self, written_bytes: int, coming_bytes: int) -> bool:
        """A file is never empty: a line longer than the limit has one of its own."""
        return written_bytes > 0 and written_bytes + coming_bytes > self.file_bytes_max

    def numbered(self, number: int) -> Path:
        """The path of the n-th newest file; 0 is the one that is written."""
        return self.path.with_name(f"{self.path.name}.{number}") if number else self.path

    def oldest(self) -> Path:
        """What is deleted before the renames, where it exists."""
        return self.numbered(self.files_max - 1)

    def renames(self) -> Iterator[tuple[Path, Path]]:
        """In the order in which nothing is overwritten."""
        for number in range(self.files_max - 2, -1, -1):
            yield self.numbered(number), self.numbered(number + 1)


def torn_bytes(tail: bytes) -> int:
    """Bytes at the end of `tail` that are no whole line: a kill in the middle of a write."""
    return len(tail) - (tail.rfind(b"\n") + 1)
