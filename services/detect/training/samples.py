"""Labelled requests as a model is trained and judged on.

In:   JSON lines: `id`, `source`, `label` ("attack" or "benign"), `class`, `request_b64`, `weak`;
      or requests of exchanges, with what was said of them.
Out:  samples: what the rules say of the request, and the values that a model would be asked of.
"""

import base64
import binascii
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import orjson

from services.detect import rawhttp
from services.detect.context import is_text
from services.detect.model import asked_of, terms
from services.detect.verdict import Inspector, Signals
from services.detect.view import RequestView

Terms = frozenset[bytes]


@dataclass(frozen=True, slots=True)
class Origin:
    """Who says what a request is, and where it stands.

    `label`: "file", "label" (a person's, of the topic) or "ordinary" (of a time without attacks).
    Of a file, `exchange` is the line's id and there is no topic.
    """

    label: str
    by: str = ""
    exchange: str = ""
    topic: str | None = None
    partition: int | None = None
    offset: int | None = None


@dataclass(frozen=True, slots=True)
class Sample:
    """One labelled request. `read`: its points and what the rules say of them."""

    source: str
    attack: bool
    class_: str
    request: RequestView
    origin: Origin
    read: Signals
    values: tuple[Terms, ...]
    """The terms of each value that a model is asked of, texts left out."""


class LabelledLineError(ValueError):
    """A line that is no labelled request; its text is one sentence."""


def samples_of(lines: Iterable[bytes], inspector: Inspector) -> Iterator[Sample]:
    """A sample a line; weak labels are no proof and are passed over. Raises LabelledLineError."""
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            given = orjson.loads(line)
            raw = base64.b64decode(given["request_b64"], validate=True)
            source, class_ = str(given["source"]), str(given.get("class", ""))
            label = given["label"]
        except (orjson.JSONDecodeError, binascii.Error, KeyError, TypeError, ValueError) as error:
            raise LabelledLineError(f"line {number} is no labelled request: {error!r}") from error
        if label not in ("attack", "benign"):
            raise LabelledLineError(f"line {number}: its label is {label!r}")
        if given.get("weak"):
            continue
        exchange = rawhttp.exchange(str(number), raw, None)
        request = exchange.request
        assert request is not None
        origin = Origin("file", exchange=str(given.get("id", number)))
        read = inspector.read(request, exchange.anomalies)
        yield sample(source, label == "attack", class_, request, origin, read)


def sample(
    source: str, attack: bool, class_: str, request: RequestView, origin: Origin, read: Signals
) -> Sample:
    """One request with its label, as it was read."""
    points = [point for point in read.points.found if asked_of(point.place, point.value)]
    values = {frozenset(terms(point.value)) for point in points if not is_text(point.value)}
    values_in_order = tuple(sorted(values, key=sorted))
    return Sample(source, attack, class_, request, origin, read, values_in_order)
