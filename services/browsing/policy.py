"""What people said shall hold, as browsing hears it: lists, and rate limits on trial.

In:     PolicyEntry records as broadcasts; findings to be told.
Out:    findings with what a gate under this policy would have done.
Keeps:  the lists in force, and the policy's position.
"""

from dataclasses import replace

from schemas.codec import decode_as
from schemas.types import Advice, Finding, PolicyEntry
from services.browsing.limits import Limits
from services.runtime.core import Event, Rejected
from services.runtime.lists import Lists

TOPIC = "policy"


class Policy:
    """See above; of one core. Without `limits`, theirs are not heard."""

    def __init__(self, limits: Limits | None = None) -> None:
        self.lists = Lists()
        self._limits = limits
        self._offset = -1

    def learn(self, event: Event) -> list[Rejected]:
        """One broadcast record; what cannot be read changes nothing and is given back."""
        if event.topic != TOPIC:
            return []
        self._offset = event.offset
        if event.value is None:
            return []
        try:
            entry = decode_as(PolicyEntry, event.value)
            self.lists.learn(entry)
            if self._limits is not None:
                self._limits.learn(entry)
        except ValueError as error:
            return [Rejected(event, str(error))]
        return []

    def allows(self, advice: Advice) -> bool:
        """Whether a gate would do nothing of it: people let that client in everywhere."""
        return self.lists.action(advice.scope, "", advice.value, advice.at_us) == "allow"

    def gated(self, finding: Finding) -> Finding:
        """What a gate would have done of it."""
        return replace(self.lists.gated(finding), policy_offset=self._offset)
