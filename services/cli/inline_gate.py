"""What a blocking gate with today's rules would have done, per host and rule.

In:     findings, and what people said of them.
Out:    one line per host and rule: what would have been stopped, and how much of it wrongly.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from schemas.types import Finding, Label

EXAMPLES_MAX = 3

Labels = Mapping[str, Label]
"""By the id of the finding."""


@dataclass(slots=True)
class Tally:
    """Requests of findings; a finding's requests share its label."""

    findings: int = 0
    requests: int = 0

    def add(self, finding: Finding) -> None:
        """One finding with all its requests."""
        self.findings += 1
        self.requests += finding.count

    def form(self) -> dict[str, int]:
        """As JSON."""
        return {"findings": self.findings, "requests": self.requests}


@dataclass(slots=True)
class Gate:
    """What a gate would have done by one rule on one host."""

    host: str
    class_: str
    rule: str
    stopped: Tally = field(default_factory=Tally)
    """In any way."""
    blocked: Tally = field(default_factory=Tally)
    limited: Tally = field(default_factory=Tally)
    denied: Tally = field(default_factory=Tally)
    """In which way; what is blocked may be denied too."""
    passed: Tally = field(default_factory=Tally)
    """Found, but not surely enough to block."""
    rightly: Tally = field(default_factory=Tally)
    wrongly: Tally = field(default_factory=Tally)
    """Of `stopped`, what people labelled true and false; the rest nobody has judged."""
    examples: list[str] = field(default_factory=list)
    """Ids of findings that would have stopped good requests."""

    def form(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "kind": "inline", "host": self.host, "class": self.class_, "rule": self.rule,
            "would_block": self.blocked.form(), "would_limit": self.limited.form(),
            "would_deny": self.denied.form(), "would_pass": self.passed.form(),
            "labelled_true": self.rightly.form(), "labelled_false": self.wrongly.form(),
            "wrong": self.examples,
        }  # fmt: skip


def gates(found: Iterable[Finding], labels: Labels) -> list[Gate]:
    """By host and rule, those that stop most first. Only what a gate sees: attacks, behaviour."""
    made: dict[tuple[str, str], Gate] = {}
    for finding in found:
        if finding.kind not in ("attack", "behaviour"):
            continue
        key = (finding.host, finding.rule)
        gate = made.setdefault(key, Gate(finding.host, finding.class_, finding.rule))
        ways = (
            (finding.would_block, gate.blocked), (finding.would_limit, gate.limited),
            (finding.would_deny, gate.denied),
        )  # fmt: skip
        if not any(would for would, _ in ways):
            gate.passed.add(finding)
            continue
        gate.stopped.add(finding)
        for would, tally in ways:
            if would:
                tally.add(finding)
        label = labels.get(finding.id)
        if label is not None and label.verdict:
            gate.rightly.add(finding)
        elif label is not None:
            gate.wrongly.add(finding)
            gate.examples = [*gate.examples, finding.id][:EXAMPLES_MAX]
    return sorted(made.values(), key=lambda gate: (-gate.stopped.requests, gate.host, gate.rule))
