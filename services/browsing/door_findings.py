"""What is told of those who try doors: guessed passwords, stolen lists, names asked about."""

from schemas.types import Suspicion
from services.browsing.behaviour import Behaviour
from services.browsing.distinct import least_count

BRUTE_FORCE, STUFFING = "login.brute_force", "login.credential_stuffing"
SPRAYING, ENUMERATION = "login.password_spraying", "login.user_enumeration"


def _guessed(row: Suspicion, seconds: int) -> str:
    return f"{least_count(row.distinct)} distinct passwords for one user in {seconds} s; {_in(row)}"


def _stuffed(row: Suspicion, seconds: int) -> str:
    return (
        f"{least_count(row.others)} users with {least_count(row.distinct)} distinct pairs of user"
        f" and password in {seconds} s, {row.share:.0%} refused when it began; {_in(row)}"
    )


def _sprayed(row: Suspicion, seconds: int) -> str:
    return f"{least_count(row.others)} users with the same few passwords in {seconds} s; {_in(row)}"


def _asked(row: Suspicion, seconds: int) -> str:
    return (
        f"{least_count(row.others)} user names asked about in {seconds} s; the answers tell"
        f" them apart: {row.share:.0%} got another one than the rest."
    )


def _in(row: Suspicion) -> str:
    return f"{row.struck} were let in." if row.struck else "none was let in."


BEHAVIOURS = (
    Behaviour(
        rule=BRUTE_FORCE, class_="brute_force", title="Password guessing", said=_guessed,
        advice="Slow the door down per user, and ask for a second factor.",
        severity="medium", struck_severity="critical", where="body", action="would_deny",
        quiet_s=900, cwe=("CWE-307",), capec=("CAPEC-49", "CAPEC-16"), attack=("T1110.001",),
        owasp=("A07:2021", "API2:2023"),
    ),
    Behaviour(
        rule=STUFFING, class_="credential_stuffing", title="Credential stuffing", said=_stuffed,
        advice="Look at who was let in first: their passwords are known to somebody.",
        severity="high", struck_severity="critical", where="body", action="would_deny",
        quiet_s=900, cwe=("CWE-307",), capec=("CAPEC-600",), attack=("T1110.004",),
        owasp=("A07:2021", "API2:2023"),
    ),
    Behaviour(
        rule=SPRAYING, class_="password_spraying", title="Password spraying", said=_sprayed,
        advice="Forbid the passwords that everybody tries, and ask for a second factor.",
        severity="high", struck_severity="critical", where="body", action="would_deny",
        quiet_s=3_600, cwe=("CWE-307", "CWE-521"), capec=("CAPEC-565",), attack=("T1110.003",),
        owasp=("A07:2021", "API2:2023"),
    ),
    Behaviour(
        rule=ENUMERATION, class_="user_enumeration", title="User names tried out", said=_asked,
        advice="Answer alike whether or not the user is known.",
        severity="low", struck_severity="low", where="body", action="would_limit",
        quiet_s=900, cwe=("CWE-204",), capec=("CAPEC-575",), attack=("T1589.001",),
        owasp=("A07:2021", "API2:2023"),
    ),
)  # fmt: skip
