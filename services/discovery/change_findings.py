"""Changes of operations as findings.

In:     endpoints as they are told, and how far packet time of their site has come.
Out:    Finding records of the sort api_change: one for an operation, kind of change and day.
Keeps:  a row for each finding that may be told again, with its last revision.

More parts of an operation that change on the same day are the next revision of the same finding.
"""

from collections.abc import Iterator, Sequence

from schemas.codec import decode_as, encode
from schemas.ids import digest, finding_id
from schemas.types import Endpoint, Evidence, Finding, Severity, ToldChange
from services.discovery.changes import DAY_US, US, Change, changes
from services.discovery.settings import Settings
from services.runtime.core import Output
from services.runtime.table import Table

TOPIC = "findings"
CLASS = "api_change"
# What lies longer back was told, or nobody asked for it in time: after `gone_s`, so much.
LATE_US = 7 * DAY_US
# Some 150 bytes each.
TOLD_MAX = 100_000
# Operations are small: more parts than these change when another API takes the place.
EVIDENCE_MAX = 20
NO_POLICY = -1
RISKY = 8
TITLES = {
    "new": "New operation", "changed": "Operation changed", "unused": "Operation not used any more",
    "gone": "Operation gone", "returned": "Operation used again",
}  # fmt: skip
ADVICE = {
    "new": "Check that it was meant to be published, and that it asks who calls.",
    "changed": "Compare with the API's description: is the change one that was released?",
    "unused": "If nobody needs it any more, take it out of service: what is old is not maintained.",
    "gone": "Take it out of the API's description, or find out why its clients are gone.",
    "returned": "Find out who uses it again: what was given up is not maintained.",
}  # fmt: skip


class ChangeFindings:
    """Which changes were told. Its rows begin with "change/"."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.table: Table[ToldChange] = Table(
            "change", encode, lambda row: decode_as(ToldChange, row), rows_max=TOLD_MAX,
            site=lambda told: told.site,
        )  # fmt: skip

    def of(self, endpoint: Endpoint, host_us: int, now_us: int) -> Iterator[Output]:
        """What there is to tell of an operation."""
        least_us = now_us - self._window_us()
        by_day: dict[tuple[str, int], list[Change]] = {}
        for change in changes(endpoint, host_us, now_us, self._settings):
            if least_us <= change.at_us <= now_us:
                by_day.setdefault((change.kind, change.at_us // DAY_US), []).append(change)
        for those in by_day.values():
            yield from self._tell(endpoint, those)

    def forget(self, site: str, now_us: int) -> None:
        """Let go of what cannot be told any more."""
        least_us = now_us - self._window_us() - DAY_US
        for _ in self.table.expired(site, lambda told: told.at_us < least_us):
            pass

    def _window_us(self) -> int:
        return self._settings.gone_s * US + LATE_US

    def _tell(self, endpoint: Endpoint, those: Sequence[Change]) -> Iterator[Output]:
        rule, at_us = f"{CLASS}.{those[0].kind}", those[0].at_us
        subject = _subject(endpoint)
        id_ = finding_id(rule, f"{endpoint.site}/{subject}", at_us, DAY_US)
        said = digest(*(change.what for change in those))
        before = self.table.get(id_.encode())
        if before and before.digest == said:
            return
        revision = before.revision + 1 if before else 0
        told = ToldChange(site=endpoint.site, at_us=at_us, revision=revision, digest=said)
        self.table.put(id_.encode(), told)
        finding = _finding(id_, revision, endpoint, those)
        yield Output(TOPIC, f"{endpoint.site}/{subject}".encode(), encode(finding))


def _subject(endpoint: Endpoint) -> str:
    name = f"{endpoint.host} {endpoint.method} {endpoint.template}"
    return f"{name} {endpoint.operation}" if endpoint.operation else name


def _finding(id_: str, revision: int, endpoint: Endpoint, those: Sequence[Change]) -> Finding:
    kind = those[0].kind
    parts = [change.what for change in those if change.what]
    name = f"{endpoint.method} {endpoint.template}"
    more = f" {endpoint.operation}" if endpoint.operation else ""
    return Finding(
        id=id_, revision=revision, state="updated" if revision else "open", kind="api_change",
        class_=CLASS, rule=f"{CLASS}.{kind}", title=f"{TITLES[kind]}: {name}{more}",
        summary=f"{name}{more} of {endpoint.host}: {'; '.join(parts[:EVIDENCE_MAX]) or kind}.",
        advice=ADVICE[kind], severity=_severity(kind, parts, endpoint), confidence=1.0,
        site=endpoint.site, application=endpoint.application, client="", peer="",
        host=endpoint.host, endpoint=name, subject=_subject(endpoint), opened_us=those[0].at_us,
        at_us=those[-1].at_us, count=endpoint.count, would_block=False,
        evidence=tuple(_evidence(change) for change in those[:EVIDENCE_MAX] if change.what),
        cwe=("1059",), capec=(), attack=(), owasp=("API9:2023",), policy_offset=NO_POLICY,
    )  # fmt: skip


def _evidence(change: Change) -> Evidence:
    """No exchange is kept for it: the inventory knows times, not examples."""
    return Evidence(
        exchange="", at_us=change.at_us, where=change.what, value="", raw="",
        rule=f"{CLASS}.{change.kind}", weight=1.0,
    )  # fmt: skip


def _severity(kind: str, parts: Sequence[str], endpoint: Endpoint) -> Severity:
    if "auth none is new" in parts:
        return "medium"  # what asked who calls works without
    risky = endpoint.risk is not None and endpoint.risk.score >= RISKY
    return "low" if kind in ("new", "returned") and risky else "info"
