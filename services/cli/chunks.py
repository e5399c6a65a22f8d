"""Capture files as chunks of records, made by the capture agent's own reader.

In:     files, or "-" for standard input.
Out:    records of `packets` and `ledger`, several at a time.
Keeps:  one open file, while several are merged one for each.
"""

import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import islice

from services.capture.key_log import KEYS
from services.capture.letters import Letter
from services.capture.settings import Settings
from services.capture.taps import Tap, TapLetters, UnreadableError, merged, taps
from services.cli.refusal import RefusedError
from services.cli.safe_text import text
from services.runtime.core import Output

STDIN = "-"
# One partition: everything meets in one reassembler, as the flows of a partition do.
PARTITIONS = 1
# At most 8 MiB of packets: the cores work in batches, and memory stays small.
LETTERS_A_CHUNK = 32

Chunk = list[Output]
Say = Callable[[str], None]


def chunks(
    files: Sequence[str], settings: Settings, say: Say, *, separate: bool
) -> Iterator[Chunk]:
    """Everything that these files hold.

    They are taps of one site, merged by packet time; with `separate`, each is a site of its own
    named as its source, one after the other. Raises RefusedError for what is no capture: at once,
    for sites of their own after all the others have been read.
    """
    named: dict[str, str] = {}
    for file in files:
        if file != named.setdefault(file if file == STDIN else os.path.realpath(file), file):
            say(f"sidetap: {text(os.fsencode(file))} is read already, under another name.")
    for file, times in Counter(files).items():
        if times > 1:
            say(f"sidetap: {text(os.fsencode(file))} is named {times} times; it is read once.")
    found = [
        _printable(tap) for tap in taps(list(named.values()), settings, PARTITIONS, again=True)
    ]
    if not separate:
        yield from _read([TapLetters(tap, settings, PARTITIONS) for tap in found], say)
        return
    refused = 0
    for tap in found:
        own = replace(settings, site=tap.agent.replace("/", "|"))
        try:
            yield from _read([TapLetters(tap, own, PARTITIONS)], say)
        except RefusedError as error:
            say(f"sidetap: {error}")
            refused += 1
    if refused:
        raise RefusedError(f"{refused} of {len(found)} files could not be read.")


def _read(sources: Sequence[TapLetters], say: Say) -> Iterator[Chunk]:
    letters = merged(sources)
    # What comes through a pipe may be live: nobody should wait until a chunk is full.
    many = 1 if any(source.tap.path == STDIN for source in sources) else LETTERS_A_CHUNK
    try:
        while chunk := [_output(letter) for letter in islice(letters, many)]:
            # Keys that a file holds come before what they open, here too.
            yield sorted(chunk, key=lambda output: output.topic != KEYS)
    except UnreadableError as error:
        raise RefusedError(f"{text(os.fsencode(str(error))).rstrip('.')}.") from None
    for source in sources:
        if source.damage:
            say(f"sidetap: {source.tap.agent}: {source.damage}; read up to there.")


def _output(letter: Letter) -> Output:
    return Output(letter.topic, letter.key, letter.value, letter.partition)


def _printable(tap: Tap) -> Tap:
    """A file may have any bytes for a name; a source is text."""
    return replace(tap, agent=text(os.fsencode(tap.agent)))
