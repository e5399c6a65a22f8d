"""What people's lists would have done with what was recorded.

In:     exchanges in any order; the lists in force.
Out:    for each action the requests that it speaks of, how many addresses they came from, and how
        many of them were answered below 400.
"""

from collections import Counter
from dataclasses import dataclass, field

from sidetap_native import Exchange

from services.runtime.lists import Lists

CLIENTS_MAX = 100_000


@dataclass(slots=True)
class Listed:
    """Requests of one action."""

    action: str
    requests: int = 0
    answered: int = 0
    clients: Counter[str] = field(default_factory=Counter)

    def form(self) -> dict[str, object]:
        """As JSON."""
        return {
            "kind": "list", "action": self.action, "requests": self.requests,
            "answered": self.answered, "clients": len(self.clients),
        }  # fmt: skip


class ListTrial:
    """See above."""

    def __init__(self, lists: Lists) -> None:
        self._lists = lists
        self._by_action: dict[str, Listed] = {}

    def asked(self, exchange: Exchange, session: str) -> None:
        """Take in one request, with the id of its session."""
        action = self._lists.action(
            exchange.site, exchange.host, exchange.client_ip, exchange.at_us, session
        )
        if not action:
            return
        one = self._by_action.setdefault(action, Listed(action))
        one.requests += 1
        one.answered += exchange.response is not None and exchange.response.status < 400
        if exchange.client_ip in one.clients or len(one.clients) < CLIENTS_MAX:
            one.clients[exchange.client_ip] += 1

    def told(self) -> list[Listed]:
        """By action."""
        return [one for _, one in sorted(self._by_action.items())]
