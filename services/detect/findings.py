"""Attacks to findings: the same thing tried again at the same place is one finding.

In:     the verdict on an exchange, the open finding of its group, the watermark.
Out:    Finding revisions: opened, told again with the true count, closed.
Keeps:  one Finding a group, as it was told last or would be told next.

A group is class, site, host, endpoint and client. Evidence is what opened it and what came last.
"""

import re
from collections.abc import Sequence
from dataclasses import replace

from schemas.ids import digest, finding_id
from schemas.types import ClosedFinding, Evidence, Finding, Severity
from services.detect.detectors import BY_CLASS
from services.detect.evidence import evidence
from services.detect.rules import SEVERITIES, Detector
from services.detect.scoring import Signal, Verdict
from services.detect.settings import Settings
from services.detect.view import ExchangeView, RequestView
from services.runtime.masking import Masker

US = 1_000_000
# Findings of one group that open in the same minute are one.
BUCKET_US = 60 * US
# Of each exchange that is kept as evidence, its strongest rules.
RULES_SHOWN_MAX = 2
FIRST_MAX = 4
LATEST_MAX = 2
PATH_CHARACTERS_MAX = 200
PATH_SEGMENT = re.compile(rb"[\w.~@:+,-]{0,80}\Z")
OVERLIMIT = "overlimit"
BEYOND = Detector(
    class_=OVERLIMIT,
    title="Request beyond the limits of inspection",
    advice="Look at the request itself: it was not searched whole.",
    severity="info",
    cwe=("CWE-400",),
    capec=(),
    attack=(),
    owasp=(),
    rules=(),
)


def endpoint(request: RequestView, class_: str) -> str:
    """METHOD /path, as long as the path is one: it ends before a segment that holds a payload.

    A scanner is about a host: it has asked for a thousand paths, and is one finding.
    """
    method = request.method.decode("latin-1")
    if class_ == "scanner":
        return f"{method} /"
    path = request.target.partition(b"?")[0]
    kept = []
    for segment in path.split(b"/")[1:]:
        if not PATH_SEGMENT.match(segment):
            break
        kept.append(segment.decode("latin-1"))
    return f"{method} /{'/'.join(kept)}"[:PATH_CHARACTERS_MAX]


def group(exchange: ExchangeView, request: RequestView, class_: str) -> str:
    """The name of the group: key of its state row and subject of its findings."""
    place = endpoint(request, class_)
    return digest(class_, exchange.site, exchange.host, place, exchange.client_ip)


def opened(
    class_: str, exchange: ExchangeView, verdict: Verdict, settings: Settings, masker: Masker
) -> Finding:
    """The first revision."""
    request = exchange.request
    assert request is not None
    detector = BY_CLASS.get(class_, BEYOND)
    subject = group(exchange, request, class_)
    place = endpoint(request, class_)
    signals = strongest(class_, verdict)
    return Finding(
        id=finding_id(class_, f"{exchange.site}/{subject}", exchange.at_us, BUCKET_US),
        revision=0,
        state="open",
        kind="system" if detector is BEYOND else "attack",
        class_=class_,
        rule=signals[0].rule.id if signals else class_,
        title=f"{detector.title} at {exchange.host}",
        summary=sentence(class_, exchange, verdict, 1),
        advice=detector.advice,
        severity=severity(detector, signals),
        confidence=verdict.scores.get(class_, 1.0),
        site=exchange.site,
        application=exchange.application,
        client=exchange.client_ip,
        peer=exchange.peer_ip,
        host=exchange.host,
        endpoint=masker.text(place),
        subject=subject,
        opened_us=exchange.at_us,
        at_us=exchange.at_us,
        count=1,
        would_block=verdict.scores.get(class_, 0.0) >= settings.block_score,
        evidence=tuple(evidence(signal, exchange, masker) for signal in signals),
        policy_offset=-1,
        model=verdict.model,
        cwe=detector.cwe,
        capec=detector.capec,
        attack=detector.attack,
        owasp=detector.owasp,
    )


def went_on(
    finding: Finding, exchange: ExchangeView, verdict: Verdict, settings: Settings, masker: Masker
) -> Finding:
    """The finding after another exchange of its group."""
    class_ = finding.class_
    signals = strongest(class_, verdict)
    gravest = severity(BY_CLASS.get(class_, BEYOND), signals)
    latest = tuple(evidence(signal, exchange, masker) for signal in signals)
    score = verdict.scores.get(class_, 0.0)
    return replace(
        finding,
        count=finding.count + 1,
        at_us=max(finding.at_us, exchange.at_us),
        confidence=max(finding.confidence, score),
        severity=max(finding.severity, gravest, key=SEVERITIES.index),
        would_block=finding.would_block or score >= settings.block_score,
        summary=sentence(class_, exchange, verdict, finding.count + 1),
        model=verdict.model,
        evidence=_sampled(finding.evidence, latest),
    )


def _sampled(kept: tuple[Evidence, ...], latest: tuple[Evidence, ...]) -> tuple[Evidence, ...]:
    """The first and the latest; what an answer proved stands before them and stays."""
    if kept and kept[0].where.startswith("response."):
        return kept[:1] + _sampled(kept[1:], latest)
    if len(kept) + len(latest) <= FIRST_MAX + LATEST_MAX:
        return kept + latest
    return kept[:FIRST_MAX] + (kept[FIRST_MAX:] + latest)[-LATEST_MAX:]


def worth_telling(finding: Finding, told: Finding, settings: Settings) -> bool:
    """Whether people should hear of it again: doubled, surer, or a while ago."""
    return (
        finding.count >= 2 * told.count
        or (finding.would_block and not told.would_block)
        or finding.grade != told.grade
        or finding.at_us >= told.at_us + settings.update_s * US
    )


def closed(finding: Finding) -> Finding:
    """The last revision: the true count, at the time of the latest evidence."""
    return replace(finding, revision=finding.revision + 1, state="closed")


def reopened(opened: Finding, closed: ClosedFinding) -> Finding:
    """A finding that opened under the id of a closed one: that one's next revision."""
    return replace(
        opened,
        revision=closed.revision + 1,
        state="updated",
        opened_us=min(opened.opened_us, closed.opened_us),
        count=closed.count + opened.count,
    )


def severity(detector: Detector, signals: Sequence[Signal]) -> Severity:
    """The class's, or the gravest that one of the rules has of its own."""
    own = [signal.rule.severity for signal in signals if signal.rule.severity]
    return max(own, key=SEVERITIES.index, default=detector.severity)


def strongest(class_: str, verdict: Verdict) -> list[Signal]:
    """The signals of a class that weigh most, each rule once."""
    best: dict[str, Signal] = {}
    for signal in verdict.signals:
        if signal.class_ == class_:
            known = best.get(signal.rule.id)
            if known is None or signal.weight > known.weight:
                best[signal.rule.id] = signal
    ranked = sorted(best.values(), key=lambda signal: (-signal.weight, signal.rule.id))
    return ranked[:RULES_SHOWN_MAX]


def sentence(class_: str, exchange: ExchangeView, verdict: Verdict, count: int) -> str:
    """What was tried, where, and what the server answered."""
    request, response = exchange.request, exchange.response
    assert request is not None
    place = endpoint(request, class_)
    answer = f"the server answered {response.status}" if response else "no answer was seen yet"
    if class_ == OVERLIMIT:
        limits = ", ".join(verdict.overlimit)
        return (
            f"{exchange.client_ip} sent to {place} at {exchange.host} more than is searched"
            f" ({limits}); {answer}."
        )
    first = strongest(class_, verdict)[0]
    times = "" if count == 1 else f", {count} times so far"
    title = BY_CLASS[class_].title
    return (
        f"{title}: {exchange.client_ip} sent in {first.match.point.where} of {place} at"
        f" {exchange.host} what reads as “{first.rule.title}”{times}; {answer}."
    )
