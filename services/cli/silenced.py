"""Which past findings an exclusion would have kept from being.

In:     findings with their evidence, an exclusion's scope and what it names.
Out:    those whose every piece of evidence it covers; evidence is a sample, so this is a sketch of
        what will be, not a promise.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from schemas.types import Evidence, Finding


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Where an exclusion holds and what it names; empty: everywhere, everything."""

    site: str = ""
    host: str = ""
    path: str = ""
    where: str = ""
    rule: str = ""
    class_: str = ""

    def covers(self, finding: Finding) -> bool:
        """Whether nothing of this attack would be left."""
        return (
            finding.kind == "attack"
            and self.site in ("", finding.site)
            and self.host in ("", finding.host)
            and self.class_ in ("", finding.class_)
            and finding.endpoint.partition(" ")[2].startswith(self.path)
            and bool(finding.evidence)
            and all(map(self._names, finding.evidence))
        )

    def _names(self, evidence: Evidence) -> bool:
        return self.where in ("", evidence.where) and self.rule in ("", evidence.rule)


def silenced(found: Iterable[Finding], scope: Scope) -> list[Finding]:
    """Past findings that would not have been."""
    return [finding for finding in found if scope.covers(finding)]
