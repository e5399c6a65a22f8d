"""What topics give to train on: what people labelled, and what is ordinary.

In:     the topics `labels`, `findings` and `exchanges`.
Out:    samples, each with its place on `exchanges`.
"""

from collections.abc import Collection, Iterator
from functools import partial

from confluent_kafka import Message

from schemas.codec import UndecodableError, decode_as
from schemas.types import Label
from services.cli import found
from services.cli.broker import Client, records
from services.cli.output import say
from services.cli.stored_exchanges import stored
from services.detect.smuggling import of_the_request
from services.detect.training.labelled import Labelled
from services.detect.training.samples import Origin, Sample, sample
from services.detect.verdict import Inspector, decide, nothing_excluded

ORDINARY = "ordinary"
# As many as all the ordinary values that are made up; more would take minutes to fit.
ORDINARY_MAX = 50_000


def labelled(settings: Client, inspector: Inspector) -> Iterator[Sample]:
    """The exchanges of labelled attacks, and exchanges that were labelled themselves."""
    latest = found.latest(records(settings, "findings"))
    wanted = Labelled(_labels(settings), latest.get, inspector)
    if wanted.passed_over:
        say(f"{wanted.passed_over} labels are of no attack, or of what is not there any more.")
    if not wanted:
        return
    for exchange, message in stored(settings, wanted.since_us):
        if one := wanted.sample(exchange, partial(_origin, exchange.id, message)):
            yield one


def ordinary(
    settings: Client,
    inspector: Inspector,
    span_us: tuple[int, int | None],
    labelled: Collection[str],
) -> Iterator[Sample]:
    """The exchanges of a stretch of packet time, as benign.

    What the rules flag is left out, and what was labelled: of that a person has spoken.
    """
    from_us, to_us = span_us
    flagged = taken = 0
    for exchange, message in stored(settings, from_us):
        request = exchange.request
        if exchange.at_us > (to_us or exchange.at_us) or request is None:
            continue
        if exchange.revision > 0 or exchange.part is not None or exchange.id in labelled:
            continue
        read = inspector.read(request, of_the_request(exchange))
        if decide(read, nothing_excluded, None).scores:
            flagged += 1
            continue
        taken += 1
        if taken > ORDINARY_MAX:
            say(f"more than {ORDINARY_MAX} ordinary exchanges: the first are taken.")
            break
        origin = _origin(exchange.id, message, ORDINARY, "")
        yield sample(ORDINARY, False, "", request, origin, read)
    if flagged:
        say(f"{flagged} exchanges of that time are flagged, and not taken for ordinary.")


def _labels(settings: Client) -> list[Label]:
    """The newest label of each thing."""
    kept: dict[bytes, Label] = {}
    for message in records(settings, "labels"):
        key, value = message.key() or b"", message.value()
        kept.pop(key, None)
        try:
            if value:
                kept[key] = decode_as(Label, value)
        except UndecodableError as error:
            place = f"{message.topic()}/{message.partition()} at {message.offset()}"
            say(f"sidetap: {place} is unreadable: {error}.")
    return list(kept.values())


def _origin(exchange: str, message: Message, label: str, by: str) -> Origin:
    return Origin(
        label, by, exchange, message.topic(), message.partition(), message.offset()
    )  # fmt: skip
