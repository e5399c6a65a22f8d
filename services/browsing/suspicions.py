"""Open findings about behaviour, from their opening to their end.

In:     what opens one, further evidence, watermarks.
Out:    Finding revisions, and Advice beside them.
Keeps:  one Suspicion per client and behaviour under suspicion.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from schemas.codec import decode_as, encode
from schemas.ids import finding_id
from schemas.types import Advice, Evidence, Finding, FindingState, Hint, Suspicion
from services.browsing.behaviour import Behaviour
from services.browsing.distinct import least, least_count
from services.runtime.closed_findings import ClosedFindings
from services.runtime.table import Table

US = 1_000_000
# Findings of one subject that open in the same minute are one.
BUCKET_US = 60 * US
# Open findings are looked over at every sweep.
SUSPICIONS_MAX = 10_000
# The first and the latest hints, and one that worked: more would push a client over 2 KiB.
FIRST_MAX = 1
LATEST_MAX = 1
HINT_CHARACTERS_MAX = 64
ENDPOINT_CHARACTERS_MAX = 120
# A finding that goes on is told again after so long.
UPDATE_US = 300 * US
NO_POLICY = -1

Say = Callable[[Finding | Advice], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """What a finding begins with."""

    site: str
    application: str
    client: str
    peer: str
    host: str
    endpoint: str
    subject: str
    opened_us: int
    count: int
    distinct: bytes
    others: bytes = b""
    struck: int = 0
    share: float = 0.0
    normal: float = -1.0
    again: bool = False
    """Counts what an earlier finding of this id counted, too."""


class Suspicions:
    """Of one partition. Its rows begin with "suspicion/"."""

    def __init__(
        self, behaviours: Iterable[Behaviour], closed: ClosedFindings, advice_s: int, say: Say
    ) -> None:
        self.table: Table[Suspicion] = Table(
            "suspicion", encode, lambda row: decode_as(Suspicion, row), rows_max=SUSPICIONS_MAX
        )
        self._behaviours: Mapping[str, Behaviour] = {one.rule: one for one in behaviours}
        self._closed = closed
        self._advice_us = advice_s * US
        self._say = say
        # The rows of `table` decoded: all are looked at when a watermark comes.
        self._open: dict[bytes, Suspicion] = {}

    def restored(self) -> None:
        """Call when the table has its rows."""
        self._open = dict(self.table.items())

    def get(self, key: bytes) -> Suspicion | None:
        """What is open under this key."""
        return self._open.get(key)

    def open(self, key: bytes, rule: str, opening: Opening, hint: Hint) -> None:
        """Open a finding, or the next revision of one that has its id."""
        about = f"{opening.site}/{opening.subject}"
        row = Suspicion(
            finding=finding_id(rule, about, opening.opened_us, BUCKET_US),
            rule=rule, revision=0, site=opening.site, application=opening.application,
            client=opening.client, peer=opening.peer, host=opening.host,
            endpoint=opening.endpoint[:ENDPOINT_CHARACTERS_MAX], subject=opening.subject,
            opened_us=opening.opened_us, told_us=hint.at_us, told_count=opening.count,
            last_us=hint.at_us, count=opening.count, struck=opening.struck, share=opening.share,
            normal=opening.normal, distinct=opening.distinct, others=opening.others, hints=(hint,),
        )  # fmt: skip
        state: FindingState = "open"
        closed = self._closed.reopened(row.finding)
        if closed:
            state = "updated"
            row = replace(
                row, revision=closed.revision + 1,
                count=max(closed.count, row.count) if opening.again else closed.count + row.count,
                opened_us=min(closed.opened_us, row.opened_us),
            )  # fmt: skip
        self._keep(key, row)
        self._tell(row, state)

    def went_on(
        self, key: bytes, hint: Hint, distinct: Iterable[int], others: Iterable[int],
        *, amount: int = 1,
    ) -> None:  # fmt: skip
        """More of the same for an open finding."""
        before = self._open[key]
        row = replace(
            before,
            last_us=max(before.last_us, hint.at_us),
            count=before.count + amount,
            struck=before.struck + hint.struck,
            distinct=least(before.distinct, *distinct),
            others=least(before.others, *others),
            hints=_shown(before.hints, hint),
        )
        first_success = row.struck and not before.struck
        late = row.last_us >= row.told_us + UPDATE_US
        if first_success or row.count >= 2 * row.told_count or late:
            row = _next(row, hint.at_us)
            self._tell(row, "updated")
        self._keep(key, row)

    def sweep(self, site: str, watermark_us: int, *, ended: bool) -> list[bytes]:
        """Close what went quiet, by the site's watermark; its keys."""
        gone = sorted(
            key
            for key, row in self._open.items()
            if row.site == site
            and (ended or watermark_us - row.last_us > self._behaviours[row.rule].quiet_s * US)
        )
        for key in gone:
            row = self._open.pop(key)
            self.table.delete(key)
            self._close(row, watermark_us)
        return gone

    def _keep(self, key: bytes, row: Suspicion) -> None:
        self._open[key] = row
        gone = self.table.put(key, row)
        if gone:
            del self._open[gone[0]]
            self._close(gone[1], None)

    def _close(self, row: Suspicion, watermark_us: int | None) -> None:
        at_us = row.last_us if watermark_us is None else watermark_us
        closed = self._finding(_next(row, at_us), "closed")
        self._closed.remember(closed, watermark_us)
        self._say(closed)

    def _tell(self, row: Suspicion, state: FindingState) -> None:
        finding = self._finding(row, state)
        self._say(finding)
        action = self._behaviours[row.rule].action
        if action:
            value = row.client or row.subject
            expires_us = row.told_us + self._advice_us
            advice = Advice(
                id=f"{action}/{value}/{row.site}", action=action, value=value, scope=row.site,
                reason=finding.summary, finding=row.finding, at_us=row.told_us,
                expires_us=expires_us, removed=False,
            )  # fmt: skip
            self._say(advice)

    def _finding(self, row: Suspicion, state: FindingState) -> Finding:
        what = self._behaviours[row.rule]
        seconds = max(1, (row.last_us - row.opened_us) // US)
        return Finding(
            id=row.finding, revision=row.revision, state=state, kind="behaviour",
            class_=what.class_, rule=row.rule, title=f"{what.title} {_by(row)}",
            summary=what.said(row, seconds), advice=what.advice,
            severity=what.struck_severity if row.struck else what.severity,
            confidence=confidence(row), site=row.site, application=row.application,
            client=row.client, peer=row.peer, host=row.host, endpoint=row.endpoint,
            subject=row.subject, opened_us=row.opened_us, at_us=row.told_us, count=row.count,
            would_block=what.action == "would_deny",
            evidence=tuple(_evidence(row, what.where, hint) for hint in row.hints),
            cwe=what.cwe, capec=what.capec, attack=what.attack, owasp=what.owasp,
            policy_offset=NO_POLICY, would_limit=what.action == "would_limit",
            would_deny=what.action == "would_deny",
        )  # fmt: skip


def confidence(row: Suspicion) -> float:
    """0 to 1: half for crossing the threshold, the rest for its size and for what worked."""
    size = min(1.0, least_count(row.distinct) / 100)
    return round(0.6 + 0.3 * size + 0.1 * bool(row.struck), 3)


def _by(row: Suspicion) -> str:
    return f"by {row.client}" if row.client else f"at {row.host}"


def _next(row: Suspicion, at_us: int) -> Suspicion:
    return replace(row, revision=row.revision + 1, told_us=at_us, told_count=row.count)


def _shown(hints: tuple[Hint, ...], hint: Hint) -> tuple[Hint, ...]:
    """The first, the latest and the first that worked."""
    struck = [one for one in hints if one.struck]
    plain = [one for one in hints if not one.struck]
    (struck if hint.struck else plain).append(hint)
    return (*plain[:FIRST_MAX], *plain[FIRST_MAX:][-LATEST_MAX:], *struck[:1])


def _evidence(row: Suspicion, where: str, hint: Hint) -> Evidence:
    return Evidence(
        exchange=hint.exchange,
        at_us=hint.at_us,
        where=where,
        value=hint.value,
        raw=f"{hint.status} {hint.value}",
        rule=f"{row.rule}.found" if hint.struck else row.rule,
        weight=1.0 if hint.struck else 0.5,
    )
