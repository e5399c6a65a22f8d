"""One request → its verdict: points, signals, score.

In:   a request, and what people excluded.
Out:  Verdict.
Keeps: the compiled rules.
"""

from collections.abc import Callable, Iterator

from services.detect import libinjection
from services.detect.context import is_text
from services.detect.detectors import DETECTORS, class_of
from services.detect.matcher import Matcher
from services.detect.points import Points, points_of
from services.detect.rules import Match, Rule
from services.detect.scoring import Signal, Verdict, decided, score
from services.detect.view import RequestView

Excluded = Callable[[Signal], bool]


def nothing_excluded(_signal: Signal) -> bool:
    """The exclusions of a deployment that has none."""
    return False


class Inspector:
    """Decides on requests. The same request has the same verdict, whatever came before it."""

    def __init__(self) -> None:
        self._matcher = Matcher([rule for detector in DETECTORS for rule in detector.rules])

    def inspect(self, request: RequestView, excluded: Excluded = nothing_excluded) -> Verdict:
        """Decide on one request."""
        points = points_of(request)
        signals = tuple(signal for signal in self._signals(points) if not excluded(signal))
        return Verdict(
            scores=decided(score(signals)),
            signals=signals,
            overlimit=tuple(sorted(points.overlimit)),
        )

    def _signals(self, points: Points) -> Iterator[Signal]:
        for rule in self._matcher.occurring(points.found):
            for point in points.found:
                for match in self._matcher.places(rule, point):
                    if signal := signal_of(rule, match):
                        yield signal
                        break
        for point in points.found:
            for rule, match in libinjection.opinions(point):
                if signal := signal_of(rule, match):
                    yield signal


def signal_of(rule: Rule, match: Match) -> Signal | None:
    """The signal that a match is, or None where its surroundings speak against it."""
    place = match.point.place
    if not (place.startswith(rule.only) if rule.only else place != "document"):
        return None
    if rule.check is not None and not rule.check(match):
        return None
    factor = rule.in_text if place == "body.file" or is_text(match.point.value) else 1.0
    return Signal(class_of(rule), rule, match, round(rule.weight * factor, 4))
