"""What is told of those who ask for object after object."""

from schemas.types import Suspicion
from services.browsing.behaviour import Behaviour
from services.browsing.distinct import least_count

OBJECTS = "objects.enumeration"


def _walked(row: Suspicion, seconds: int) -> str:
    usual = (
        f"{row.normal:.0f} at most is usual" if row.normal >= 0 else "what is usual is not known"
    )
    return (
        f"{least_count(row.distinct)} distinct objects of {row.endpoint} in {seconds} s; {usual}."
        f" {row.struck} of {row.count} requests were answered with something."
    )


BEHAVIOURS = (
    Behaviour(
        rule=OBJECTS, class_="object_enumeration", title="Objects tried one after the other",
        said=_walked, advice="Check that each object is given to its owner only.",
        severity="medium", struck_severity="high", where="path", action="would_limit",
        quiet_s=900, cwe=("CWE-639", "CWE-340"), capec=("CAPEC-116",), attack=("T1119",),
        owasp=("A01:2021", "API1:2023"),
    ),
)  # fmt: skip
