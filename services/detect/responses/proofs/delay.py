"""Payloads that ask for a pause, and an answer that took as long."""

import re
from collections.abc import Iterator

from services.detect.detectors import BY_CLASS
from services.detect.responses.answer import Answer
from services.detect.responses.rules import Proof
from services.detect.scoring import Verdict

PAUSE = re.compile(
    rb"\b(?:pg_)?sleep\s*\(\s*'?(\d{1,3})|\bwaitfor\s+delay\s+'(?:0{1,2}:){1,2}(\d{1,2})|dbms_(?:pipe\.receive_message|lock\.sleep)\s*\(.{0,80}?(\d{1,3})\s*\)"
    rb"|(?:^|[;&|`(\s])sleep\s+(\d{1,3})\b|\bping\s+-[nc]\s+(\d{1,3})\b|\btimeout\s+/t\s+(\d{1,3})",
    re.I,
)
CLASSES = ("sqli", "nosqli", "rce", "ssti", "php", "nodejs", "java", "shellshock")
# Shorter pauses are as long as slow answers; longer ones than asked for were something else.
PAUSE_S_MIN = 3
PAUSE_S_MAX = 60
SLACK_S = 2.0


def check(answer: Answer, verdict: Verdict) -> Iterator[Proof]:
    """The answer came when the pause was over, and not much later."""
    took = answer.exchange.latency_us
    if not took or took < PAUSE_S_MIN * 1_000_000:
        return
    took_s = took / 1_000_000
    for signal in verdict.signals:
        if signal.class_ not in CLASSES or signal.class_ not in verdict.scores:
            continue
        for found in PAUSE.finditer(signal.match.point.value):
            asked_s = int(next(group for group in found.groups() if group))
            if (
                PAUSE_S_MIN <= asked_s <= PAUSE_S_MAX
                and asked_s <= took_s + 1
                and took_s - asked_s < SLACK_S
            ):
                yield Proof(
                    weakness=BY_CLASS[signal.class_],
                    rule=f"{signal.class_}.paused",
                    says=f"an answer after {took_s:.1f} s, having asked for a pause of {asked_s} s",
                    weight=0.7,
                    where="",
                    value=found[0],
                    attack=signal.class_,
                )
                return
