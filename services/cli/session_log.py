"""What sessions did, in order, from the exchanges on the topic.

In:     Exchange records in any order of clients, those of a client in order.
Out:    one Session each: who, where, since when, how much, how often refused; and its steps.
Keeps:  a bounded number of sessions and of steps; what gives way is counted.

A session is what services/browsing takes for one: the subject of a JSON web token, an
Authorization, cookies that sessions are kept in; of a log-in, what its answer gives; without any,
a client with its user agent.
"""

from collections import OrderedDict
from dataclasses import dataclass, field, replace

from sidetap_native import Exchange

from schemas.ids import digest
from services.browsing.session import granted, session_of
from services.cli.safe_text import text
from services.runtime.masking import Masker
from services.runtime.views import RequestView

SESSIONS_MAX = 20_000
STEPS_MAX = 10_000
ID_DIGITS = 12
AGENT_CHARACTERS_MAX = 80
TARGET_CHARACTERS_MAX = 200
# 2^32 names of sessions in eight digits, and what has none beside them.
ANONYMOUS = "client"


@dataclass(frozen=True, slots=True)
class Step:
    """One request of a session."""

    at_us: int
    exchange: str
    client: str
    host: str
    method: str
    target: str
    status: int | None


@dataclass(slots=True)
class Session:
    """One session as far as it was read."""

    id: str
    kind: str
    """ "session" or "client": by what it was told."""
    first_us: int
    last_us: int
    agent: str
    requests: int = 0
    refused: int = 0
    """Answers of 400 to 499."""
    clients: set[str] = field(default_factory=set)
    hosts: set[str] = field(default_factory=set)


class SessionLog:
    """See above. `wanted` (an id or the beginning of one): whose steps are kept."""

    def __init__(self, masker: Masker, *, wanted: str | None = None) -> None:
        self.sessions: OrderedDict[str, Session] = OrderedDict()
        self.steps: dict[str, Step] = {}
        self.left_out = 0
        """Sessions and steps beyond the limits."""
        self._masker = masker
        self._wanted = wanted

    def add(self, exchange: Exchange) -> None:
        """Take in one record; the request counts on the first, the answer on the last."""
        request = exchange.request
        if exchange.part is not None:
            return  # It goes on behind a request that was counted.
        if request is None:
            self._answered(exchange)
            return
        agent = agent_of(request)
        id_, kind = asker(exchange, request, self._masker)
        session = self.sessions.get(id_)
        if session is None:
            session = Session(
                id=id_, kind=kind, first_us=exchange.at_us,
                last_us=exchange.at_us, agent=agent,
            )  # fmt: skip
            self.sessions[id_] = session
            if len(self.sessions) > SESSIONS_MAX:
                self.sessions.popitem(last=False)
                self.left_out += 1
        status = exchange.response.status if exchange.response else None
        session.first_us = min(session.first_us, exchange.at_us)
        session.last_us = max(session.last_us, exchange.at_us)
        session.requests += exchange.revision == 0
        session.refused += status is not None and 400 <= status < 500 and exchange.response_final
        session.clients.add(exchange.client_ip)
        session.hosts.add(exchange.host)
        if self._wanted is not None and id_.startswith(self._wanted):
            self._step(exchange, status)

    def _step(self, exchange: Exchange, status: int | None) -> None:
        request = exchange.request
        assert request is not None, "only requests are steps"
        if exchange.id not in self.steps and len(self.steps) >= STEPS_MAX:
            self.left_out += 1
            return
        target = self._masker.target(text(request.target))[:TARGET_CHARACTERS_MAX]
        self.steps[exchange.id] = Step(
            exchange.at_us, exchange.id, exchange.client_ip, exchange.host, text(request.method),
            target, status,
        )  # fmt: skip

    def _answered(self, exchange: Exchange) -> None:
        """A response whose record does not repeat the request."""
        step = self.steps.get(exchange.id)
        if step is not None and exchange.response is not None:
            self.steps[exchange.id] = replace(step, status=exchange.response.status)

    def told(self) -> list[Session]:
        """All sessions, the latest last."""
        return sorted(self.sessions.values(), key=lambda one: (one.last_us, one.id))

    def in_order(self) -> list[Step]:
        """The steps of those wanted, by packet time."""
        return sorted(self.steps.values(), key=lambda one: (one.at_us, one.exchange))


def asker(exchange: Exchange, request: RequestView, masker: Masker) -> tuple[str, str]:
    """The id of the session that a request is of, and by what it was told."""
    token = session_of(request, masker.key)
    if not token and exchange.response is not None:
        # The log-in stands with what came of it.
        token = granted(exchange.response, masker.key)
    named = f"{token:08x}" if token else f"{exchange.client_ip}\0{agent_of(request)}"
    return digest("session", exchange.site, named)[:ID_DIGITS], "session" if token else ANONYMOUS


def agent_of(request: RequestView) -> str:
    """The software that it says it is, shortened."""
    return text(request.header(b"user-agent") or b"")[:AGENT_CHARACTERS_MAX]
