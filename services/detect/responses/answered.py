"""An attack's finding when the answer shows that it worked."""

from dataclasses import replace

from schemas.types import Finding
from services.detect.responses.rules import Proof
from services.detect.rules import SEVERITIES
from services.detect.view import ExchangeView
from services.detect.vulnerability import GRADES, evidence
from services.runtime.masking import Masker


def answered(
    finding: Finding, exchange: ExchangeView, proof: Proof | None, masker: Masker
) -> Finding:
    """The finding with the proof: surer, a step graver the first time, the answer as evidence."""
    if proof is None:
        return finding
    known = GRADES.index(finding.grade)
    grade = GRADES[max(known, GRADES.index(proof.grade))]
    step = SEVERITIES.index(finding.severity) + (1 if grade == "confirmed" != finding.grade else 0)
    shown = finding.evidence
    if GRADES.index(grade) > known:
        shown = (evidence(exchange, proof, masker), *shown)
    return replace(
        finding,
        grade=grade,
        severity=SEVERITIES[min(step, len(SEVERITIES) - 1)],
        confidence=max(finding.confidence, proof.weight),
        summary=masker.text(
            f"{finding.summary[:-1]} with {proof.says}: it worked ({proof.grade})."
        ),
        evidence=shown[:SAMPLES_MAX],
    )


# The proof, and what findings.py keeps.
SAMPLES_MAX = 7
