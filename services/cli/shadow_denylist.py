"""A denylist that nobody enforces: whom today's findings would put on it, and at whose cost.

In:     findings; exchanges in any order.
Out:    a line for each address that would stand on it: since when, how long, what would be refused.
Keeps:  spans of packet time by site and address, and who asked from there, both bounded.

An address is listed from a finding's opening until so many hours after its last revision, where a
gate would have blocked or denied. Good is whoever else is behind that address: another session, or
another user agent where there is none, than that of the finding's evidence, and answered below 400.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from sidetap_native import Exchange

from schemas.types import Finding

HOUR_US = 3_600_000_000
ADDRESSES_MAX = 50_000
# Who asked from one address, counted apart: an office has a few thousand sessions a day.
WHO_MAX = 10_000
FOUND_MAX = 3


@dataclass(slots=True)
class Listed:
    """One address on the list."""

    site: str
    client: str
    spans: list[tuple[int, int]] = field(default_factory=list)
    """From, until, in packet time; apart and in order once settled."""
    findings: list[str] = field(default_factory=list)
    classes: set[str] = field(default_factory=set)
    evidence: set[str] = field(default_factory=set)
    requests: Counter[str] = field(default_factory=Counter)
    """Refused, by who asked."""
    answered: Counter[str] = field(default_factory=Counter)
    """Of these, what was answered below 400."""
    attackers: set[str] = field(default_factory=set)

    @property
    def refused(self) -> int:
        """Requests that a gate with the list would have turned away."""
        return self.requests.total()

    @property
    def good(self) -> int:
        """Of these, those of somebody else behind the address."""
        return sum(n for who, n in self.answered.items() if who not in self.attackers)

    def holds(self, at_us: int) -> bool:
        """Whether it stands on the list then."""
        return any(since <= at_us < until for since, until in self.spans)

    def form(self) -> dict[str, object]:
        """As JSON."""
        others = [who for who in self.answered if who not in self.attackers]
        return {
            "kind": "shadow_denylist", "site": self.site, "client": self.client,
            "classes": sorted(self.classes), "findings": self.findings[:FOUND_MAX],
            "hours": round(sum(until - since for since, until in self.spans) / HOUR_US, 3),
            "would_deny": self.refused, "good": self.good, "others": len(others),
        }  # fmt: skip


class ShadowDenylist:
    """See above. `who` names the asker of an exchange."""

    def __init__(
        self, found: Iterable[Finding], hours: float, who: Callable[[Exchange], str]
    ) -> None:
        self.left_out = 0
        """Addresses and askers beyond the limits."""
        self._listed: dict[tuple[str, str], Listed] = {}
        self._who = who
        for finding in found:
            if finding.client and (finding.would_block or finding.would_deny):
                self._add(finding, round(hours * HOUR_US))
        for one in self._listed.values():
            one.spans = _joined(one.spans)

    def refuses(self, exchange: Exchange) -> bool:
        """Whether a gate with the list would have turned the request away."""
        one = self._listed.get((exchange.site, exchange.client_ip))
        return one is not None and one.holds(exchange.at_us)

    def asked(self, exchange: Exchange) -> None:
        """Take in one record of an exchange: the request counts once, by its first."""
        one = self._listed.get((exchange.site, exchange.client_ip))
        if one is None or exchange.request is None or exchange.part is not None:
            return
        who = self._who(exchange)
        if exchange.id in one.evidence:
            one.attackers.add(who)
        if not one.holds(exchange.at_us):
            return
        if who not in one.requests and len(one.requests) >= WHO_MAX:
            self.left_out += 1
            return
        one.requests[who] += exchange.revision == 0
        response = exchange.response
        if response is not None and exchange.response_final and response.status < 400:
            one.answered[who] += 1

    def told(self) -> list[Listed]:
        """Who would stand on it, those at most good requests' cost first."""
        return sorted(
            self._listed.values(),
            key=lambda one: (-one.good, -one.refused, one.site, one.client),
        )

    def _add(self, finding: Finding, hours_us: int) -> None:
        key = (finding.site, finding.client)
        if key not in self._listed and len(self._listed) >= ADDRESSES_MAX:
            self.left_out += 1
            return
        one = self._listed.setdefault(key, Listed(*key))
        one.spans.append((finding.opened_us, finding.at_us + hours_us))
        one.findings.append(finding.id)
        one.classes.add(finding.class_)
        one.evidence.update(item.exchange for item in finding.evidence)


def _joined(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """The same time in spans that do not touch, in order."""
    made: list[tuple[int, int]] = []
    for since, until in sorted(spans):
        if made and since <= made[-1][1]:
            made[-1] = (made[-1][0], max(made[-1][1], until))
        else:
            made.append((since, until))
    return made
