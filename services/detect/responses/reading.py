"""One exchange with its answer → what the answer proves.

In:   an exchange, the verdict on its request.
Out:  Proofs: attacks that worked first, then leaks, then what the heads show; one of each issue.
Keeps: compiled patterns.

The body is scanned once for all rules; where none occurs, nothing more is asked of it.
"""

import re
from collections.abc import Iterator

from services.detect.detectors import BY_CLASS
from services.detect.matcher import LAST, Matcher
from services.detect.points import Point
from services.detect.responses import heads, proofs
from services.detect.responses.answer import Answer
from services.detect.responses.belief import echoed
from services.detect.responses.leaks import BODY_RULES, BY_LEAK
from services.detect.responses.rules import PROBABLE_MIN, BodyRule, Proof
from services.detect.rules import Match
from services.detect.scoring import Verdict
from services.detect.view import ExchangeView

WHERE = "response.body"
AROUND_BYTES = 60
SHOWN_BYTES_MAX = 200
# Answers to a method that has none of its own, and what says "as you have it".
BODILESS = frozenset({204, 304})


class Reading:
    """Reads answers. The same exchange gives the same proofs, whatever came before it."""

    def __init__(self) -> None:
        self._everywhere = Matcher([rule for rule in BODY_RULES if rule.path is None])
        by_path = [(rule.path, rule) for rule in BODY_RULES if rule.path is not None]
        self._by_path = by_path
        self._paths = re.compile(b"|".join(path.pattern for path, _ in by_path), re.IGNORECASE)

    def proofs(self, exchange: ExchangeView, verdict: Verdict) -> list[Proof]:
        """What is confirmed or probable, each issue once."""
        request, response = exchange.request, exchange.response
        if request is None or response is None:
            return []
        answer = Answer(exchange, request, response)
        found: list[Proof] = []
        if verdict.scores:
            for proof in proofs.CHECKS:
                found += proof(answer, verdict)
        if answer.status not in BODILESS and answer.body:
            found += self._leaks(answer, verdict)
        for check in heads.CHECKS:
            found += check(answer)
        return _once(found)

    def _candidates(self, answer: Answer, point: Point) -> Iterator[BodyRule]:
        """Rules that may match: of one scan, and those that the path alone calls for."""
        for rule in self._everywhere.occurring(point.value + LAST, 1):
            assert isinstance(rule, BodyRule)
            yield rule
        if self._paths.search(answer.path):
            yield from (rule for path, rule in self._by_path if path.search(answer.path))

    def _leaks(self, answer: Answer, verdict: Verdict) -> Iterator[Proof]:
        point = Point(WHERE, b"", answer.body, answer.body)
        for rule in self._candidates(answer, point):
            if answer.kind not in rule.kinds:
                continue
            attack = next((class_ for class_ in verdict.scores if class_ in rule.after), "")
            for match in self._everywhere.places(rule, point):
                if echoed(match, answer):
                    continue
                if attack and rule.proves(match, answer):
                    yield _proof(rule, match, attack)
                elif rule.believed(match, answer):
                    yield _proof(rule, match, "")
                else:
                    continue
                break


def _proof(rule: BodyRule, match: Match, attack: str) -> Proof:
    leak = BY_LEAK[rule.id.partition(".")[0]]
    return Proof(
        weakness=BY_CLASS[attack] if attack else leak,
        rule=f"{attack}.answered.{rule.id}" if attack else rule.id,
        says=rule.title[0].lower() + rule.title[1:],
        weight=max(rule.weight, 0.95) if attack else rule.weight,
        where=WHERE,
        before=match.before[-AROUND_BYTES:],
        value=match.text[:SHOWN_BYTES_MAX],
        after=match.after[:AROUND_BYTES],
        detail="" if attack else rule.id,
        attack=attack,
        secret=rule.secret,
    )


def _once(found: list[Proof]) -> list[Proof]:
    """The surest of each issue; of leaks a trace and an error of one answer are one."""
    best: dict[tuple[str, str], Proof] = {}
    for proof in found:
        if proof.weight < PROBABLE_MIN:
            continue
        detail = "" if proof.where == WHERE else proof.detail
        key = (proof.weakness.class_, detail)
        known = best.get(key)
        if known is None or proof.weight > known.weight:
            best[key] = proof
    return list(best.values())
