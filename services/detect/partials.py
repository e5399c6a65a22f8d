"""What one batch of exchanges says of vulnerabilities, for the topic `weaknesses`.

In:     proofs with their exchanges.
Out:    one partial finding an issue.
Keeps:  the sums of the batch at hand; at most as many as its exchanges have proofs.
"""

from dataclasses import replace

from schemas.codec import encode
from services.detect import vulnerability
from services.detect.responses.rules import Proof
from services.detect.view import ExchangeView
from services.runtime.core import Output
from services.runtime.masking import Masker

TOPIC = "weaknesses"


class _Sum:
    """An issue in one batch: how often, the first and the latest."""

    __slots__ = ("count", "first", "latest", "policy_offset")

    def __init__(self, exchange: ExchangeView, proof: Proof, policy_offset: int) -> None:
        self.count = 0
        self.first = self.latest = (exchange, proof)
        self.policy_offset = policy_offset

    def add(self, exchange: ExchangeView, proof: Proof) -> None:
        self.count += 1
        at = _order(exchange, proof)
        if at < _order(*self.first):
            self.first = (exchange, proof)
        if at > _order(*self.latest):
            self.latest = (exchange, proof)


class Partials:
    """Of one partition of `exchanges`."""

    def __init__(self, masker: Masker) -> None:
        self._masker = masker
        self._sums: dict[tuple[str, str], _Sum] = {}

    def add(self, exchange: ExchangeView, proof: Proof, policy_offset: int) -> None:
        """Take in one proof."""
        key = (exchange.site, vulnerability.group(exchange, proof))
        known = self._sums.get(key)
        if known is None:
            known = self._sums[key] = _Sum(exchange, proof, policy_offset)
        known.add(exchange, proof)

    def take(self) -> list[Output]:
        """Partial findings of all since the last call."""
        sums, self._sums = self._sums, {}
        return [self._output(one) for one in sums.values()]

    def _output(self, one: _Sum) -> Output:
        exchange, proof = one.first
        finding = vulnerability.partial(exchange, proof, self._masker, one.policy_offset)
        if one.count > 1:
            latest = vulnerability.partial(*one.latest, self._masker, one.policy_offset)
            finding = replace(vulnerability.added(finding, latest), count=one.count)
        key = f"{exchange.site}/{finding.subject}".encode()
        return Output(TOPIC, key, encode(finding))


def _order(exchange: ExchangeView, proof: Proof) -> tuple[int, str, str]:
    return (exchange.at_us, exchange.id, proof.rule)
