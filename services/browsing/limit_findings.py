"""What is told of those whom a rate limit on trial would have held back."""

from schemas.types import Suspicion
from services.browsing.behaviour import Behaviour

EXCEEDED = "limits.exceeded"


def _said(row: Suspicion, seconds: int) -> str:
    limit = row.subject.partition(" ")[2]
    return f"A gate would have refused {row.count} requests in {seconds} s by {limit}."


BEHAVIOURS = (
    Behaviour(
        rule=EXCEEDED, class_="rate_limit", title="A rate limit on trial was passed",
        said=_said, advice="Look whether these are good requests before the limit is put to work.",
        severity="info", struck_severity="info", where="", action="would_limit",
        quiet_s=300, cwe=("CWE-770",), capec=("CAPEC-469",), attack=(), owasp=("API4:2023",),
    ),
)  # fmt: skip
