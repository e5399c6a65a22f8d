"""Which exchanges are left out and how an application is called, by host, path and the like.

In:     one exchange's host, path, headers and addresses.
Out:    the name of the rule that leaves it out; the name of its application.
Keeps:  nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from services.reassembly.addresses import Subnets
from services.reassembly.patterns import Patterns
from services.reassembly.settings import Application, Filter


@dataclass(frozen=True, slots=True)
class Subject:
    """What rules look at. `path` is None and `headers` empty where no request was seen."""

    host: str
    path: str | None
    headers: Sequence[tuple[bytes, bytes]]
    client_ip: str
    server_ip: str


# Excludes what no rule matches, where the last rule includes.
UNMATCHED = "unmatched"


class Filters:
    """The filter rules, ready to be asked.

    As with subnets in the agent: what no rule matches meets the opposite of the last rule, so
    after "include shop.test" the rest is out and after "exclude /health" it is in.
    """

    def __init__(self, filters: Sequence[Filter]) -> None:
        self._rules = [_FilterRule(rule) for rule in filters]

    def __bool__(self) -> bool:
        return bool(self._rules)

    def excluded_by(self, subject: Subject) -> str | None:
        """The name of the first rule that matches, if it excludes; None: it stays."""
        for rule in self._rules:
            if rule.matches(subject):
                return rule.name if rule.excludes else None
        return UNMATCHED if self._rules and not self._rules[-1].excludes else None


class Applications:
    """The application labels, ready to be asked."""

    def __init__(self, applications: Sequence[Application]) -> None:
        self._rules = [
            (a.name, Patterns(a.hosts, any_case=True), Patterns(a.paths)) for a in applications
        ]

    def __bool__(self) -> bool:
        return bool(self._rules)

    def label(self, subject: Subject) -> str | None:
        """The name of the first rule that matches."""
        for name, hosts, paths in self._rules:
            if _place_matches(hosts, paths, subject):
                return name
        return None


class _FilterRule:
    def __init__(self, rule: Filter) -> None:
        self.name = rule.name
        self.excludes = rule.action == "exclude"
        self._hosts = Patterns(rule.hosts, any_case=True)
        self._paths = Patterns(rule.paths)
        self._headers = [
            (name.lower().encode(), Patterns([value])) for name, value in rule.headers.items()
        ]
        self._clients = Subnets(rule.clients)
        self._servers = Subnets(rule.servers)

    def matches(self, subject: Subject) -> bool:
        return (
            (not self._clients or subject.client_ip in self._clients)
            and (not self._servers or subject.server_ip in self._servers)
            and _place_matches(self._hosts, self._paths, subject)
            and all(_header_matches(name, value, subject) for name, value in self._headers)
        )


def _place_matches(hosts: Patterns, paths: Patterns, subject: Subject) -> bool:
    return (not hosts or hosts.match(subject.host)) and (
        not paths or (subject.path is not None and paths.match(subject.path))
    )


def _header_matches(wanted: bytes, pattern: Patterns, subject: Subject) -> bool:
    return any(
        name.lower() == wanted and pattern.match(value.decode("utf-8", "surrogateescape"))
        for name, value in subject.headers
    )
