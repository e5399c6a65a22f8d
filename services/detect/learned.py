"""What a model adds to the signals of the rules.

In:   a model, the points of a request, and what the rules said of them.
Out:  a signal for each place where the model has an opinion and the rules have not decided.
"""

from collections.abc import Sequence
from functools import cache

from services.detect.context import is_text
from services.detect.detectors import BY_CLASS
from services.detect.model import PLAIN, Model, asked_of
from services.detect.points import Point, Points
from services.detect.rules import Match, Rule
from services.detect.scoring import ATTACK_SCORE_MIN, Signal

Place = tuple[str, bytes]
PLAIN_LINES = PLAIN + b"\n"


def signals(model: Model, points: Points, said: Sequence[Signal]) -> list[Signal]:
    """The model's opinions, one a place: that of its surest value."""
    if not _has_sign(points):
        return []
    asked = [point for point in points.found if asked_of(point.place, point.value)]
    if not asked:
        return []
    hints, settled = _hints(said)
    best: dict[Place, Signal] = {}
    for point in asked:
        place = (point.place, point.name)
        if place in settled:
            continue
        signal = _signal(model, point, hints.get(place, ""))
        if signal and (place not in best or signal.weight > best[place].weight):
            best[place] = signal
    return list(best.values())


def _has_sign(points: Points) -> bool:
    """Whether any value has a sign that a model is asked for; most requests have none."""
    joined = points.joined
    return joined.count(b"\n") > len(points) or bool(joined.translate(None, PLAIN_LINES))


def _hints(said: Sequence[Signal]) -> tuple[dict[Place, str], set[Place]]:
    """The class that the rules lean to in each place, and the places where one rule suffices."""
    hints: dict[Place, tuple[float, str]] = {}
    for signal in said:
        place = (signal.match.point.place, signal.match.point.name)
        hints[place] = max(hints.get(place, (0.0, "")), (signal.weight, signal.class_))
    settled = {place for place, (weight, _) in hints.items() if weight >= ATTACK_SCORE_MIN}
    return {place: class_ for place, (_, class_) in hints.items()}, settled


def _signal(model: Model, point: Point, hint: str) -> Signal | None:
    """The model's opinion of one point; of texts, as people write them, it has none."""
    opinion = model.opinion(point.value)
    if opinion is None or is_text(point.value):
        return None
    class_ = hint or opinion.class_
    if class_ not in BY_CLASS:
        return None
    match = Match(point, 0, len(point.value))
    return Signal(class_, learned_rule(class_), match, opinion.score, opinion.why)


@cache
def learned_rule(class_: str) -> Rule:
    """The name under which a model speaks of a class: what exclusions and findings call it."""
    return Rule(
        id=f"{class_}.learned",
        pattern="",
        weight=ATTACK_SCORE_MIN,
        title="Reads like known attacks",
    )
