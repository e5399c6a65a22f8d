"""What people said of findings, brought back to the exchanges that the findings are of.

In:   Label records, the findings that they name, exchanges.
Out:  a sample for each exchange of a labelled attack: of all that were counted, where the topic
      still has them, not only of those that stand as evidence.
Keeps: how many exchanges were taken for each label.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import chain

from schemas.types import Finding, Label
from services.detect import findings
from services.detect.smuggling import of_the_request
from services.detect.training.samples import Origin, Sample, sample
from services.detect.verdict import Inspector, Signals, decide, nothing_excluded
from services.detect.view import ExchangeView, RequestView

SOURCE = "labels"
# A scan is thousands of requests alike: more of one label would outweigh all others.
A_LABEL_MAX = 200
# An open finding is not told with each exchange: what came since the last word is its, too.
NO_END_US = 2**63 - 1


@dataclass(frozen=True, slots=True)
class _Said:
    """A person's word, and of which exchanges: those of a finding have their group and time."""

    id: str
    attack: bool
    class_: str
    by: str
    of_a_finding: bool = False
    first_us: int = 0
    last_us: int = 0


class Labelled:
    """Every label that is of an attack or of one exchange; `passed_over` counts the others.

    `finding_of` knows the findings by id. The word on an exchange itself counts before those on
    its findings, and of those "attack" before "false alarm".
    """

    def __init__(
        self,
        labels: Iterable[Label],
        finding_of: Callable[[str], Finding | None],
        inspector: Inspector,
    ) -> None:
        self._inspector = inspector
        self._exchanges: dict[str, _Said] = {}
        self._groups: dict[str, list[_Said]] = {}
        self._clients: set[str] = set()
        self._taken: Counter[str] = Counter()
        self.passed_over = 0
        for label in sorted(labels, key=lambda label: (label.verdict, label.id)):
            self._learn(label, finding_of)

    @property
    def since_us(self) -> int | None:
        """Packet time before which no wanted exchange is; None: any may be."""
        if any(not said.of_a_finding for said in self._exchanges.values()):
            return None
        words = chain.from_iterable(self._groups.values())
        return min((said.first_us for said in words), default=None)

    def __bool__(self) -> bool:
        return bool(self._exchanges or self._groups)

    def sample(self, exchange: ExchangeView, origin: Callable[[str, str], Origin]) -> Sample | None:
        """The exchange with what was said of it; None: nothing was.

        `origin` says where it stands, given the kind of label and who gave it.
        """
        request = exchange.request
        if request is None or exchange.part is not None or exchange.revision > 0:
            return None
        own = self._exchanges.get(exchange.id)
        if own is None and exchange.client_ip not in self._clients:
            return None
        read = self._inspector.read(request, of_the_request(exchange))
        said = own if own and not own.of_a_finding else self._of_a_finding(exchange, request, read)
        said = said or own
        if said is None or self._taken[said.id] >= A_LABEL_MAX:
            return None
        self._taken[said.id] += 1
        class_ = said.class_ if said.attack else ""
        return sample(SOURCE, said.attack, class_, request, origin("label", said.by), read)

    def _learn(self, label: Label, finding_of: Callable[[str], Finding | None]) -> None:
        kind, _, id_ = label.id.partition("/")
        if kind == "exchange":
            class_ = label.class_ or "other"
            self._exchanges[id_] = _Said(label.id, label.verdict, class_, label.by)
            return
        finding = finding_of(id_)
        if finding is None or finding.kind != "attack":
            self.passed_over += 1
            return
        said = _Said(
            label.id, label.verdict, label.class_ or finding.class_, label.by, True,
            finding.opened_us, finding.at_us if finding.state == "closed" else NO_END_US,
        )  # fmt: skip
        self._groups.setdefault(finding.subject, []).append(said)
        self._clients.add(finding.client)
        for evidence in finding.evidence:
            kept = self._exchanges.get(evidence.exchange)
            if kept is None or kept.of_a_finding:
                self._exchanges[evidence.exchange] = said

    def _of_a_finding(
        self, exchange: ExchangeView, request: RequestView, read: Signals
    ) -> _Said | None:
        """The word on the finding that the exchange counts for.

        Of several an attack before a false alarm, and what was sent before who sent it: a scanner's
        injection is an injection.
        """
        classes = decide(read, nothing_excluded, None).scores
        groups = (findings.group(exchange, request, name) for name in classes)
        words = chain.from_iterable(self._groups.get(group, ()) for group in groups)
        inside = [said for said in words if said.first_us <= exchange.at_us <= said.last_us]
        ranked = sorted(inside, key=lambda said: (not said.attack, said.class_ == "scanner"))
        return ranked[0] if ranked else None
