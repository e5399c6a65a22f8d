"""Capture files as taps: their packets in blocks, in order of packet time.

In:     files, or "-" for standard input.
Out:    chunks of records for the `packets` and `ledger` topics, as the capture agent makes them.
Keeps:  one open file and one packer a tap, and one block of each while they are merged.
"""

import heapq
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from sidetap_native import Block, CaptureFile, Packer

from services.cli.refusal import RefusedError, os_reason
from services.runtime.core import Output

SITE = "default"
STDIN = "-"
# About 10 MB of full packets: enough to keep the cores busy, soon enough for a live pipe.
PACKETS_A_CHUNK = 8_192
# One partition: everything meets in one reassembler, as the flows of a partition do.
PARTITIONS = 1

Chunk = list[Output]
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Tap:
    """A capture file, its name in the results, and its site."""

    path: str
    source: str
    site: str


def taps(files: Sequence[str], *, separate: bool) -> list[Tap]:
    """Files as taps of one site, or of a site each.

    A source is the file's name; where two have the same name, the path as given.
    """
    names = Counter(Path(file).name for file in dict.fromkeys(files))
    made = []
    for file in dict.fromkeys(files):
        name = Path(file).name if names[Path(file).name] == 1 else file
        made.append(Tap(file, "stdin" if file == STDIN else name, name if separate else SITE))
    return made


class Opened:
    """One tap being read."""

    def __init__(self, tap: Tap) -> None:
        """Raises RefusedError with the file's name and what is wrong with it."""
        self.tap = tap
        try:
            self._file = CaptureFile(tap.path)
        except OSError as error:
            raise RefusedError(f"{tap.path}: {os_reason(error)}.") from error
        except ValueError as error:
            raise RefusedError(f"{tap.path}: {error}.".replace("..", ".")) from error
        self._packer = Packer(
            site=tap.site, agent=tap.source, epoch="read", partitions=PARTITIONS
        )  # fmt: skip

    def blocks(self) -> Iterator[list[Block]]:
        """Blocks as they close; the end blocks last."""
        while not self._file.done:
            yield self._packer.read(self._file, PACKETS_A_CHUNK)
        yield self._packer.end()

    def ledger(self) -> Chunk:
        """What the agent counted since the last call."""
        return [Output("ledger", None, record) for record in self._packer.ledger()]

    @property
    def damage(self) -> str | None:
        """Where and why the file could not be read on; None: it was whole."""
        return self._file.damage


def one_after_the_other(wanted: Iterable[Tap], say: Say) -> Iterator[Chunk]:
    """Each tap to its end before the next. One that cannot be opened stops the run."""
    for tap in wanted:
        opened = Opened(tap)
        for blocks in opened.blocks():
            yield [*map(_output, blocks), *opened.ledger()]
        _tell_damage(opened, say)


def merged(wanted: Sequence[Tap], say: Say) -> Iterator[Chunk]:
    """All taps by the packet time of their blocks, as if they had captured together."""
    opened = [Opened(tap) for tap in wanted]
    streams = [_timed(each, place) for place, each in enumerate(opened)]
    for _clock_us, _place, _number, block in heapq.merge(*streams):
        yield [_output(block)]
    for each in opened:
        yield each.ledger()
        _tell_damage(each, say)


Timed = tuple[int, int, int, Block]


def _timed(opened: Opened, place: int) -> Iterator[Timed]:
    from schemas.codec import decode_as
    from schemas.types import PacketBlock

    number = 0
    for blocks in opened.blocks():
        for block in blocks:
            number += 1
            yield decode_as(PacketBlock, block.record).clock_us, place, number, block


def chunks(wanted: Sequence[Tap], say: Say) -> Iterator[Chunk]:
    """Everything that these taps hold. Taps of one site are merged by packet time."""
    one_site = len({tap.site for tap in wanted}) == 1
    return merged(wanted, say) if one_site and len(wanted) > 1 else one_after_the_other(wanted, say)


def _output(block: Block) -> Output:
    return Output("packets", None, block.record, partition=block.partition)


def _tell_damage(opened: Opened, say: Say) -> None:
    if opened.damage:
        say(f"sidetap: {opened.tap.path}: {opened.damage}; read up to there.")
