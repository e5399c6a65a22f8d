"""What a replay found beside what was found then: gained and lost, rule by rule.

Ids are equal for equal exchanges, so a finding that both have is the same finding.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from schemas.types import Finding

EXAMPLES_MAX = 3


@dataclass(slots=True)
class Change:
    """Findings of one rule."""

    class_: str
    rule: str
    kept: int = 0
    gained: list[Finding] = field(default_factory=list)
    lost: list[Finding] = field(default_factory=list)
    verdicts: int = 0
    """Of `kept`, those with another would_block."""

    def form(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "kind": "comparison", "class": self.class_, "rule": self.rule, "kept": self.kept,
            "gained": len(self.gained), "lost": len(self.lost),
            "other_verdict": self.verdicts,
            "gained_examples": [_example(one) for one in self.gained[:EXAMPLES_MAX]],
            "lost_examples": [_example(one) for one in self.lost[:EXAMPLES_MAX]],
        }  # fmt: skip


def changes(before: Mapping[str, Finding], after: Mapping[str, Finding]) -> list[Change]:
    """By rule, those with the most changes first. Both are by id."""
    by_rule: dict[str, Change] = {}

    def of(finding: Finding) -> Change:
        return by_rule.setdefault(finding.rule, Change(finding.class_, finding.rule))

    for id_, finding in after.items():
        then = before.get(id_)
        if then is None:
            of(finding).gained.append(finding)
        else:
            of(finding).kept += 1
            of(finding).verdicts += then.would_block != finding.would_block
    for id_, finding in before.items():
        if id_ not in after:
            of(finding).lost.append(finding)
    return sorted(
        by_rule.values(), key=lambda each: (-len(each.gained) - len(each.lost), each.rule)
    )


def opened_within(
    found: Iterable[Finding], from_us: int | None, to_us: int | None
) -> dict[str, Finding]:
    """Those that opened in a stretch of packet time, by id; None: no bound.

    One that opened before it has another id in a replay of the stretch: neither side shows it.
    """
    return {
        finding.id: finding
        for finding in found
        if (from_us is None or finding.opened_us >= from_us)
        and (to_us is None or finding.opened_us <= to_us)
    }


def _example(finding: Finding) -> dict[str, str]:
    return {"id": finding.id, "endpoint": finding.endpoint, "title": finding.title}
