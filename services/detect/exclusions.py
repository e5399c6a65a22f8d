"""What people said shall not count: rules or classes switched off in a scope.

In:     PolicyEntry records of kind "exclusion".
Out:    whether a signal of an exchange is excluded.
Keeps:  the entries by id.

The entry's scope is site, host, path prefix and point (empty: everywhere); its body is JSON,
`{"rule": "sqli.tautology"}` or `{"class": "sqli"}`, and `{}` for all rules in the scope.
"""

from collections.abc import Callable
from dataclasses import dataclass

import orjson

from schemas.types import PolicyEntry
from services.detect.scope import Scope
from services.detect.scoring import Signal
from services.detect.view import ExchangeView

# Beyond it something writes policy that is no person.
EXCLUSIONS_MAX = 10_000


@dataclass(frozen=True, slots=True)
class Exclusion(Scope):
    """One entry, checked."""

    rule: str
    class_: str

    def names(self, signal: Signal) -> bool:
        """Whether it speaks of this signal."""
        return (
            self.where in ("", signal.match.point.where)
            and self.rule in ("", signal.rule.id)
            and self.class_ in ("", signal.class_)
        )


class Exclusions:
    """All entries in force."""

    def __init__(self) -> None:
        self._entries: dict[str, Exclusion] = {}

    def learn(self, entry: PolicyEntry) -> None:
        """Take in one entry; a later one of the same id replaces it.

        Raises ValueError, in one sentence, where its body is of no known form or there are too
        many; what was in force before stays so.
        """
        if entry.kind != "exclusion":
            return
        if entry.removed:
            self._entries.pop(entry.id, None)
        elif entry.id in self._entries or len(self._entries) < EXCLUSIONS_MAX:
            self._entries[entry.id] = parsed(entry)
        else:
            raise ValueError(f"exclusion {entry.id}: there are {EXCLUSIONS_MAX} already")

    def test(self, exchange: ExchangeView, path: str) -> Callable[[Signal], bool] | None:
        """What to ask of each signal of the exchange; None: nothing is excluded there."""
        here = [one for one in self._entries.values() if one.covers(exchange, path)]
        if not here:
            return None
        return lambda signal: any(one.names(signal) for one in here)


def parsed(entry: PolicyEntry) -> Exclusion:
    """The entry's scope and body. Raises ValueError where the body is of no known form."""
    try:
        body = orjson.loads(entry.body or "{}")
    except orjson.JSONDecodeError as error:
        raise ValueError(f"exclusion {entry.id}: its body is no JSON") from error
    if not isinstance(body, dict) or not body.keys() <= {"rule", "class"}:
        raise ValueError(f'exclusion {entry.id}: its body is not {{"rule": …}} or {{"class": …}}')
    rule, class_ = str(body.get("rule", "")), str(body.get("class", ""))
    return Exclusion(entry.site, entry.host, entry.path, entry.where, rule, class_)
