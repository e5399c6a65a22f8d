"""Capture files as letters: deterministic, so a second run can only repeat the first.

In:     files; several are taps of one site and are merged by packet time.
Out:    for each, its blocks, an end block on every partition, and its ledger records.
Keeps:  one packer a file.
"""

import heapq
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from stat import S_ISDIR, S_ISREG

from sidetap_native import Block, CaptureFile, Packer

from services.capture import epoch, key_log
from services.capture.bpf import ETHERNET, Instruction, compile_filter
from services.capture.letters import Letter
from services.capture.losses import LEDGER
from services.capture.settings import TOPIC, Settings

# Between two looks at the clock and the outbox: some milliseconds of work.
PACKETS_PER_READ = 4_096
# Ledger records are cut by packets, never by time: a resumed run must cut them alike.
READS_PER_LEDGER = 64
# An end says that nothing is still to come. Where taps are merged it waits for what the others
# saw until then, and within the skew that reassembly allows (2 s): else their halves of a
# connection would be taken for lost before they were read.
END_AFTER_US = 3_000_000

Timed = tuple[int, Letter]  # packet clock in microseconds


@dataclass(frozen=True, slots=True)
class Tap:
    """One file, and the name under which its blocks go. `resumable`: a second run is the same."""

    path: str
    agent: str
    epoch: str
    resumable: bool


class UnreadableError(ValueError):
    """A file that cannot be captured from, in one sentence."""


def taps(paths: Sequence[str], settings: Settings, partitions: int, *, again: bool) -> list[Tap]:
    """Files with their names and epochs; `again` sends what was sent before as a new run.

    Raises UnreadableError.
    """
    found = []
    for path, agent in zip(paths, _agents(paths, settings.agent), strict=True):
        resumable = not again and path != "-" and _regular(path)
        if resumable:
            shape = {**settings.shaping(), "agent": agent, "partitions": partitions}
            name = epoch.of_file(Path(path), shape)
        else:
            name = epoch.drawn()  # A stream cannot be read twice.
        found.append(Tap(path, agent, name, resumable))
    return found


def check(paths: Sequence[str], settings: Settings) -> None:
    """Whether files can be opened and filtered, streams apart.

    Raises UnreadableError and FilterError.
    """
    for path in paths:
        if path != "-" and _regular(path):
            opened(path, _program(path, settings.filter))


def opened(path: str, program: Sequence[Instruction]) -> CaptureFile:
    """A capture file. Raises UnreadableError with one sentence that names the file."""
    try:
        return CaptureFile(path, bpf=program)
    except OSError as error:
        raise UnreadableError(f"{path}: {error.strerror or error}") from None
    except ValueError as error:
        text = str(error)
        raise UnreadableError(text if text.startswith(path) else f"{path}: {text}") from None


class TapLetters:
    """All letters of one tap, in order; afterwards `damage` says where its file was cut."""

    def __init__(self, tap: Tap, settings: Settings, partitions: int) -> None:
        self.tap = tap
        self.damage: str | None = None
        self._settings = settings
        self._packer = packer(settings, tap.agent, tap.epoch, partitions)
        self._partitions = partitions
        self._ledgers = 0
        self._keys = 0
        self._clock_us = 0

    def __iter__(self) -> Iterator[Timed]:
        source = opened(self.tap.path, _program(self.tap.path, self._settings.filter))
        reads = 0
        while not source.done:
            blocks = self._packer.read(source, PACKETS_PER_READ)
            # A key stands in front of what it opens, and must go there too.
            yield from self._key_log(source.take_secrets())
            yield from self._timed(blocks)
            reads += 1
            if reads % READS_PER_LEDGER == 0:
                yield from self._ledger()
        self.damage = source.damage
        closing = self._packer.end()
        yield from self._timed(closing[: -self._partitions])
        for clock_us, letter in self._timed(closing[-self._partitions :]):
            yield clock_us + END_AFTER_US, letter
        self._clock_us += END_AFTER_US
        yield from self._ledger()

    def _timed(self, blocks: Iterable[Block]) -> Iterator[Timed]:
        for block in blocks:
            self._clock_us = block.clock_us
            yield block.clock_us, block_letter(block, f"{self.tap.epoch}/{TOPIC}/{block.partition}")

    def _key_log(self, text: bytes) -> Iterator[Timed]:
        for letter in key_log.letters(text, self._clock_us):
            lane = f"{self.tap.epoch}/{key_log.KEYS}"
            yield self._clock_us, replace(letter, lane=lane, sequence=self._keys)
            self._keys += 1

    def _ledger(self) -> Iterator[Timed]:
        for record in self._packer.ledger():
            lane = f"{self.tap.epoch}/{LEDGER}"
            key = self.tap.agent.encode()
            letter = Letter(LEDGER, record, key=key, lane=lane, sequence=self._ledgers)
            self._ledgers += 1
            yield self._clock_us, letter


def merged(sources: Sequence[TapLetters]) -> Iterator[Letter]:
    """Letters of several taps by packet time, so that no tap's clock runs ahead of another's."""
    for _, letter in heapq.merge(*sources, key=lambda timed: timed[0]):
        yield letter


def packer(settings: Settings, agent: str, name: str, partitions: int) -> Packer:
    """A packer as the settings want it. Raises ValueError on a subnet rule that it refuses."""
    return Packer(
        site=settings.site,
        agent=agent,
        epoch=name,
        partitions=partitions,
        block_bytes=settings.block_bytes,
        linger_us=settings.linger_us,
        subnets=[(rule.name, rule.action, rule.cidr) for rule in settings.subnets],
        vlan_in_flow=settings.vlan_in_flow,
    )


def block_letter(block: Block, lane: str = "") -> Letter:
    """A block for its partition."""
    return Letter(TOPIC, block.record, block.partition, lane=lane, sequence=block.sequence)


def _program(path: str, expression: str) -> tuple[Instruction, ...]:
    """A filter for the file's own link type; a stream cannot be looked into first."""
    if not expression:
        return ()
    regular = path != "-" and _regular(path)
    return compile_filter(expression, opened(path, ()).link_type if regular else ETHERNET)


def _agents(paths: Sequence[str], wanted: str) -> list[str]:
    """The file's name, with as many folders before it as tell it from the others."""
    agents = ["stdin" if path == "-" else _text(Path(path).name) for path in paths]
    for depth in range(2, max(len(Path(path).parts) for path in paths) + 1):
        often = Counter(agents)
        longer = [_text("/".join(Path(path).parts[-depth:])) for path in paths]
        agents = [f if often[n] > 1 else n for n, f in zip(agents, longer, strict=True)]
    if not wanted:
        return agents
    return [wanted] if len(paths) == 1 else [f"{wanted}/{agent}" for agent in agents]


def _text(name: str) -> str:
    """A file's name may be any bytes; an agent's is text."""
    return os.fsencode(name).decode(errors="backslashreplace")


def _regular(path: str) -> bool:
    try:
        mode = Path(path).stat().st_mode
    except OSError as error:
        raise UnreadableError(f"{path}: {error.strerror or error}") from None
    if S_ISDIR(mode):
        raise UnreadableError(f"{path}: is a folder, no capture file")
    return S_ISREG(mode)
