"""What is told of those who keep the servers busy."""

from schemas.types import Suspicion
from services.browsing.behaviour import Behaviour

FLOOD = "floods.cost"


def _flooded(row: Suspicion, seconds: int) -> str:
    usual = f"{row.normal:.1f} at most is usual" if row.normal >= 0 else "no usual is known"
    return (
        f"About {row.count} requests in {seconds} s; they kept {row.share:.1f} requests' worth of"
        f" servers busy all the time when it began, for each of its sessions; {usual}."
    )


BEHAVIOURS = (
    Behaviour(
        rule=FLOOD, class_="request_flood", title="A flood of costly requests",
        said=_flooded, advice="Limit what one client may have under way at the same time.",
        severity="medium", struck_severity="medium", where="", action="would_limit",
        quiet_s=300, cwe=("CWE-770",), capec=("CAPEC-469", "CAPEC-125"), attack=("T1499.002",),
        owasp=("API4:2023",),
    ),
)  # fmt: skip
