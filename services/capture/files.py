"""Captures files: reads as fast as Kafka takes them, and resumes where a killed run stopped.

In:     capture files.
Out:    their letters, through one outbox; it waits when the window is full.
Keeps:  per file, how far its letters have arrived (DATA/progress).
"""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from schemas.codec import decode_as
from schemas.types import PacketBlock
from services.capture.destination import (
    Destination,
    UnknownTopicError,
    connector,
    look,
    width,
)
from services.capture.key_log import KEYS
from services.capture.letters import Letter
from services.capture.losses import LEDGER, content, missing
from services.capture.outbox import Outbox
from services.capture.progress import Progress
from services.capture.settings import TOPIC, Settings
from services.capture.taps import Tap, TapLetters, check, merged, taps

PROGRESS_S = 1.0
# How long one look for the topic may take; looking goes on until it is there.
LOOK_S = 5.0
WAIT_S = 0.1
# A worker takes in keys between its batches, some 50 ms apart.
KEYS_AHEAD_S = 0.3
KEYS_AGAIN_S = 1.0

Say = Callable[[str], None]
Stopping = Callable[[], bool]


@dataclass(frozen=True, slots=True)
class FileReport:
    """What became of one file. `repeated`: blocks that had arrived in an earlier run."""

    agent: str
    blocks: int
    repeated: int
    damage: str | None
    complete: bool


def capture_files(
    paths: Sequence[str],
    settings: Settings,
    kafka: Mapping[str, str],
    *,
    say: Say,
    stopping: Stopping = lambda: False,
    again: bool = False,
) -> list[FileReport]:
    """Send whole files and wait until all of it has arrived, or until `stopping`.

    Raises UnreadableError for a file that is no capture and FilterError for a wrong filter,
    before anything is sent; MismatchError for another number of partitions than the topic's.
    Never gives up on Kafka.
    """
    check(paths, settings)
    destination = await_topic(kafka, say, stopping)
    if destination is None:
        return []
    partitions = width(destination, TOPIC, settings.partitions)
    found = taps(paths, settings, partitions, again=again)
    return _Run(found, settings, kafka, destination, partitions, say).send(stopping)


def await_topic(kafka: Mapping[str, str], say: Say, stopping: Stopping) -> Destination | None:
    """The topic, once a broker has it; None when stopped before that."""
    said = ""
    while not stopping():
        try:
            found = look(kafka, TOPIC, LOOK_S)
        except UnknownTopicError as error:
            found, sentence = None, f"{error}; waiting for it"
        else:
            sentence = f"Kafka at {kafka['bootstrap.servers']} cannot be reached; trying again"
        if found:
            return found
        if said != sentence:
            say(sentence)
        said = sentence
        time.sleep(1)
    return None


class _Run:
    """One run over some files."""

    def __init__(
        self,
        found: Sequence[Tap],
        settings: Settings,
        kafka: Mapping[str, str],
        destination: Destination,
        partitions: int,
        say: Say,
    ) -> None:
        folder = settings.data / "progress" / destination.ident
        self._say = say
        self._site = settings.site
        self._sources = [TapLetters(tap, settings, partitions) for tap in found]
        self._progress = {tap.epoch: Progress(folder / f"{tap.epoch}.json") for tap in found}
        self._blocks = dict.fromkeys(self._progress, 0)
        self._repeated = dict.fromkeys(self._progress, 0)
        self._refused: list[tuple[Letter, str]] = []
        self._saved_s = time.monotonic()
        self._keys_sent, self._keys_due_s = False, 0.0
        self._outbox = Outbox(
            connector(kafka), settled=self._settled, say=say, now_s=time.monotonic
        )

    def send(self, stopping: Stopping) -> list[FileReport]:
        complete = self._send_all(merged(self._sources), stopping)
        while complete and self._refused:
            complete = self._send_all([self._refusal(*each) for each in self._taken()], stopping)
        return [self._report(source, complete) for source in self._sources]

    def _send_all(self, letters: Iterable[Letter], stopping: Stopping) -> bool:
        for letter in letters:
            run, _, lane = letter.lane.partition("/")
            self._blocks[run] += letter.topic == TOPIC
            if letter.sequence < self._progress[run].next(lane):
                self._repeated[run] += letter.topic == TOPIC
                continue
            while not self._outbox.room and not stopping():
                self._serve(WAIT_S)
            if letter.topic == TOPIC:
                self._let_keys_arrive(stopping)
            if stopping():
                break
            self._keys_sent |= letter.topic == KEYS
            self._outbox.post(letter)
            self._serve(0)
        while not self._outbox.empty and not stopping():
            self._serve(WAIT_S)
        return self._outbox.empty and not stopping()

    def _let_keys_arrive(self, stopping: Stopping) -> None:
        """Before packets that they open: the end of a short file would overtake its own keys.

        Flows wait for keys that come later, so keys in quick succession are waited for once.
        """
        now_s = time.monotonic()
        if not self._keys_sent or now_s < self._keys_due_s:
            return
        self._keys_sent, self._keys_due_s = False, now_s + KEYS_AGAIN_S
        while not (self._outbox.empty and time.monotonic() >= now_s + KEYS_AHEAD_S):
            if stopping():
                return
            self._serve(WAIT_S)

    def _serve(self, wait_s: float) -> None:
        self._outbox.serve(wait_s)
        if time.monotonic() - self._saved_s >= PROGRESS_S:
            self._save()

    def _settled(self, letter: Letter, reason: str | None) -> None:
        run, _, lane = letter.lane.partition("/")
        self._progress[run].arrived(lane, letter.sequence)
        if reason is not None and letter.topic == TOPIC:
            self._refused.append((letter, reason))

    def _taken(self) -> list[tuple[Letter, str]]:
        taken, self._refused = self._refused, []
        return taken

    def _refusal(self, letter: Letter, reason: str) -> Letter:
        """The ledger's word on a block that the broker will never take."""
        run, _, lane = letter.lane.partition("/")
        agent = next(s.tap.agent for s in self._sources if s.tap.epoch == run)
        block = decode_as(PacketBlock, letter.value)
        self._say(f"{agent}: a block of {block.packets} packets was refused: {reason}")
        record = missing(
            f"packing/{agent}/{run}/refused/{lane}/{letter.sequence}",
            site=self._site, agent=agent, at_us=block.clock_us,
            causes={"refused": content(block)}, layer="packing",
        )  # fmt: skip
        lane = f"{run}/refused/{lane}"
        return Letter(LEDGER, record, key=agent.encode(), lane=lane, sequence=letter.sequence)

    def _report(self, source: TapLetters, complete: bool) -> FileReport:
        run = source.tap.epoch
        self._progress[run].done |= complete
        self._save()
        return FileReport(
            source.tap.agent, self._blocks[run], self._repeated[run], source.damage, complete
        )

    def _save(self) -> None:
        self._saved_s = time.monotonic()
        for source in self._sources:
            if source.tap.resumable:
                try:
                    self._progress[source.tap.epoch].save()
                except OSError as error:  # It only saves work: a later run sends more again.
                    self._say(f"progress cannot be saved: {error.strerror}")
