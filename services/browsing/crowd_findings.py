"""When what is added up is too much, and what is told of it."""

from dataclasses import dataclass

from schemas.types import Suspicion
from services.browsing.behaviour import Behaviour
from services.browsing.distinct import least_count
from services.browsing.partials import (
    ACCEPTED,
    ATTACKED,
    CLIENT,
    HOST,
    MISSED,
    NETWORK,
    REFUSED,
    SECRET,
    USER,
)
from services.browsing.settings import Settings

GUESSING, SPRAYING = "login.brute_force.distributed", "login.password_spraying.distributed"
STUFFING = "login.credential_stuffing.distributed"
SCAN, NETWORK_SCAN = "browsing.distributed", "browsing.network"
DIVERSE = "payloads.diverse"
RULES = {
    (REFUSED, USER): GUESSING,
    (REFUSED, SECRET): SPRAYING,
    (REFUSED, HOST): STUFFING,
    (MISSED, HOST): SCAN,
    (MISSED, NETWORK): NETWORK_SCAN,
    (ATTACKED, CLIENT): DIVERSE,
}
COUNTERS = (REFUSED, MISSED, ATTACKED, ACCEPTED)
# A list is shared out: each of its paths or users comes about once. What is broken is asked for
# again and again, by people and by programs.
REPEATS_MAX = 1.5
# Two of three attempts at a host were refused: people mistype one in five.
REFUSED_SHARE = 2 / 3
# Of so many classes: an editor that writes about scripts, or a search box for SQL, has one or two.
CLASSES_MIN = 3


@dataclass(frozen=True, slots=True)
class Together:
    """All that was done about one thing within the window."""

    since_us: int
    amount: int
    accepted: int
    members: bytes
    others: bytes


def too_much(rule: str, together: Together, settings: Settings) -> bool:
    """Whether it takes many clients that act as one."""
    distinct, clients = least_count(together.members), least_count(together.others)
    if rule == DIVERSE:
        return distinct >= settings.payloads and clients >= CLASSES_MIN
    if clients < settings.crowd_clients:
        return False
    once = together.amount <= REPEATS_MAX * distinct
    if rule == GUESSING:
        return distinct >= settings.login_tries
    if rule == SPRAYING:
        return distinct >= settings.login_tries and once
    if rule == STUFFING:
        share = together.amount / (together.amount + together.accepted)
        return distinct >= settings.crowd_users and share >= REFUSED_SHARE
    return distinct >= settings.slow_paths and once


def window_s(rule: str, settings: Settings) -> int:
    """How far back a rule looks."""
    return settings.payloads_window_s if rule == DIVERSE else settings.crowd_window_s


def _guessed(row: Suspicion, seconds: int) -> str:
    return (
        f"{least_count(row.distinct)} distinct passwords for one user of {row.host} from"
        f" {least_count(row.others)} addresses in {seconds} s, few from each."
    )


def _sprayed(row: Suspicion, seconds: int) -> str:
    return (
        f"One password for {least_count(row.distinct)} users of {row.host} from"
        f" {least_count(row.others)} addresses in {seconds} s."
    )


def _stuffed(row: Suspicion, seconds: int) -> str:
    return (
        f"{least_count(row.distinct)} users refused at {row.host} from {least_count(row.others)}"
        f" addresses in {seconds} s; {row.share:.0%} of all attempts there when it began."
    )


def _scanned(row: Suspicion, seconds: int) -> str:
    return (
        f"{least_count(row.distinct)} distinct missing paths shared out among"
        f" {least_count(row.others)} addresses in {seconds} s, hardly one of them asked for twice."
    )


def _diverse(row: Suspicion, seconds: int) -> str:
    return (
        f"{least_count(row.distinct)} distinct payloads of {least_count(row.others)}"
        f" kinds of attack from one address in {seconds} s, each of which a gate would block."
    )


BEHAVIOURS = (
    Behaviour(
        rule=DIVERSE, class_="payload_diversity", title="Many kinds of attack tried",
        said=_diverse, advice="Deny the address for a while, and look at what was answered.",
        severity="high", struck_severity="high", where="", action="would_deny",
        quiet_s=3_600, cwe=("CWE-20",), capec=("CAPEC-28",), attack=("T1595.002",),
        owasp=("A03:2021",),
    ),
    Behaviour(
        rule=GUESSING, class_="brute_force", title="Password guessing from many addresses",
        said=_guessed, advice="Slow the door down per user, and ask for a second factor.",
        severity="high", struck_severity="critical", where="body", action="would_limit",
        quiet_s=3_600, cwe=("CWE-307",), capec=("CAPEC-49",), attack=("T1110.001",),
        owasp=("A07:2021", "API2:2023"),
    ),
    Behaviour(
        rule=SPRAYING, class_="password_spraying", title="Password spraying from many addresses",
        said=_sprayed, advice="Forbid that password, and ask for a second factor.",
        severity="high", struck_severity="critical", where="body", action="would_limit",
        quiet_s=3_600, cwe=("CWE-307", "CWE-521"), capec=("CAPEC-565",), attack=("T1110.003",),
        owasp=("A07:2021", "API2:2023"),
    ),
    Behaviour(
        rule=STUFFING, class_="credential_stuffing",
        title="Credential stuffing from many addresses",
        said=_stuffed, advice="Ask for a second factor while it lasts, and look at who got in.",
        severity="high", struck_severity="critical", where="body", action="would_limit",
        quiet_s=3_600, cwe=("CWE-307",), capec=("CAPEC-600",), attack=("T1110.004",),
        owasp=("A07:2021", "API2:2023"),
    ),
    Behaviour(
        rule=SCAN, class_="forced_browsing", title="Forced browsing from many addresses",
        said=_scanned, advice="Look at what was found; no single address is worth denying.",
        severity="medium", struck_severity="high", where="path", action=None,
        quiet_s=21_600, cwe=("CWE-425",), capec=("CAPEC-87",), attack=("T1595.003",),
        owasp=("A01:2021",),
    ),
    Behaviour(
        rule=NETWORK_SCAN, class_="forced_browsing", title="Forced browsing from one network",
        said=_scanned, advice="A gate would deny the network for a while.",
        severity="medium", struck_severity="high", where="path", action="would_deny",
        quiet_s=21_600, cwe=("CWE-425",), capec=("CAPEC-87",), attack=("T1595.003",),
        owasp=("A01:2021",),
    ),
)  # fmt: skip
