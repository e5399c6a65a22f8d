"""One request → its verdict: points, signals, score.

In:   a request, what people excluded, and the model to ask (None: the rules alone decide).
Out:  Verdict.
Keeps: the compiled rules, and header values that were seen to be clean.
"""

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain

from services.detect import learned, libinjection
from services.detect.context import is_text
from services.detect.detectors import DETECTORS, class_of, protocol
from services.detect.fixation import fixations
from services.detect.graphql_abuse import abuses
from services.detect.known_exploits import RULES as KNOWN_EXPLOITS
from services.detect.matcher import Matcher
from services.detect.model import Model
from services.detect.points import Cutter, Point, Points
from services.detect.rules import Match, Rule
from services.detect.scoring import Signal, Verdict, decided, score
from services.detect.smuggling import smuggling
from services.detect.view import MessageView, RequestView

Excluded = Callable[[Signal], bool]


def nothing_excluded(_signal: Signal) -> bool:
    """The exclusions of a deployment that has none."""
    return False


@dataclass(frozen=True, slots=True)
class Signals:
    """The points of a request, and the signals of the rules."""

    points: Points
    found: list[Signal]


class Inspector:
    """Decides on requests. The same request has the same verdict, whatever came before it."""

    def __init__(self) -> None:
        own = [rule for detector in DETECTORS for rule in detector.rules]
        self._matcher = Matcher([*own, *KNOWN_EXPLOITS])
        self._cutter = Cutter()

    def inspect(
        self,
        request: RequestView,
        excluded: Excluded = nothing_excluded,
        model: Model | None = None,
        anomalies: Collection[str] = (),
    ) -> Verdict:
        """Decide on one request; `anomalies`: what its exchange says of its form."""
        return decide(self.read(request, anomalies), excluded, model)

    def read(self, request: RequestView, anomalies: Collection[str] = ()) -> Signals:
        """What a request holds and what the rules say of it, before anybody decides."""
        points = self._cutter.request(request)
        found = self._signals(points)
        said = chain(
            fixations(request, points), smuggling(request, anomalies), abuses(request, points)
        )
        found += (one for rule, match in said if (one := signal_of(rule, match)))
        if not found and not points.overlimit:
            self._cutter.learn(points)
        return Signals(points, found)

    def read_messages(self, messages: Iterable[MessageView]) -> Signals:
        """The same of what a WebSocket's client said: of no other request, whatever it holds."""
        points = self._cutter.messages(messages)
        found = [one for one in self._signals(points) if one.class_ != protocol.DETECTOR.class_]
        return Signals(points, found)

    def _signals(self, points: Points) -> list[Signal]:
        signals = [
            signal
            for rule in self._matcher.occurring(points.joined, len(points))
            for point in points.found
            if (signal := self._first(rule, point))
        ]
        return signals + list(_opinions(points, signals))

    def _first(self, rule: Rule, point: Point) -> Signal | None:
        """The rule's first match in the point that stands up to its check."""
        if not looks_at(rule, point.place):
            return None
        matches = self._matcher.places(rule, point)
        return next((signal for match in matches if (signal := signal_of(rule, match))), None)


def _opinions(points: Points, signals: list[Signal]) -> Iterator[Signal]:
    """What libinjection adds to the signals of the rules.

    Where no rule speaks, only a break-out can decide, and that begins with a quote sign somewhere
    or with something else than a letter: other values are not asked, for it would not count.
    """
    break_outs = dict(points.cut.break_outs())
    suspected: dict[str, set[int]] = {"sqli": set(), "xss": set()}
    for signal in signals:
        if signal.class_ in suspected:
            suspected[signal.class_].add(id(signal.match.point))
    if not break_outs and not any(suspected.values()):
        return
    for number, point in enumerate(points.found):
        if point.place in ("header", "document"):
            continue
        said: list[tuple[Rule, Match]] = []
        if number in break_outs:
            said.append(libinjection.sql_signal(point, break_outs[number]))
        elif id(point) in suspected["sqli"]:
            said += libinjection.sql_opinion(point)
        if id(point) in suspected["xss"]:
            said += libinjection.html_opinion(point)
        yield from (one for rule, match in said if (one := signal_of(rule, match)))


def decide(read: Signals, excluded: Excluded, model: Model | None) -> Verdict:
    """The verdict on what was read."""
    signals = [signal for signal in read.found if not excluded(signal)]
    scores = score(signals)
    if model is not None:
        said = learned.signals(model, read.points, signals)
        said = [signal for signal in said if not excluded(signal)]
        if said:
            signals += said
            scores = score(signals)
    return Verdict(
        scores=decided(scores),
        signals=tuple(signals),
        overlimit=tuple(read.points.overlimit),
        model=model.hash if model is not None else "",
    )


def looks_at(rule: Rule, place: str) -> bool:
    """Whether the rule is for this place; whole documents only where it names them."""
    return place.startswith(rule.only) if rule.only else place != "document"


def signal_of(rule: Rule, match: Match) -> Signal | None:
    """The signal that a match is, or None where its surroundings speak against it."""
    if rule.check is not None and not rule.check(match):
        return None
    factor = rule.in_text if match.point.place == "body.file" or is_text(match.point.value) else 1.0
    return Signal(class_of(rule), rule, match, round(rule.weight * factor, 4))
