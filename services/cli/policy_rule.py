"""A rule of one's own, as an entry of policy; and what it would have found, before it is saved.

In:     what was typed; the topic `exchanges`.
Out:    an entry of kind "rule" (services/detect/own_rules.py); counts and examples.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field

import orjson
from sidetap_native import Exchange

from schemas.types import PolicyEntry
from services.cli.moments import iso
from services.cli.refusal import RefusedError
from services.cli.silenced import Scope
from services.detect.own_rules import OwnRules, checked
from services.detect.smuggling import of_the_request
from services.detect.verdict import Inspector, decide, nothing_excluded
from services.runtime.masking import Masker

# Shown of what it matches.
EXAMPLES_MAX = 10
VALUE_CHARACTERS_MAX = 80


@dataclass(slots=True)
class Tried:
    """What a rule says of past exchanges. `new`: those that nothing else calls an attack."""

    exchanges: int = 0
    matched: int = 0
    new: int = 0
    examples: list[tuple[str, ...]] = field(default_factory=list)
    """Time, client, request line and the value, masked; the new ones."""


def rule_entry(name: str, pattern: str, title: str, scope: Scope) -> PolicyEntry:
    """The entry, not signed yet. Raises RefusedError where it is no rule."""
    body = {"class": scope.class_, "title": title}
    if pattern:
        body["pattern"] = pattern
    said = orjson.dumps({key: value for key, value in body.items() if value}).decode()
    place = (scope.site, scope.host, scope.path, scope.where, said)
    made = hashlib.sha256("\0".join(place).encode()).hexdigest()[:8]
    entry = PolicyEntry(
        id=f"rule/{name or made}", kind="rule", site=scope.site, host=scope.host,
        path=scope.path, where=scope.where, body=said, by="", at_us=0, removed=False,
    )  # fmt: skip
    try:
        checked(entry)
    except ValueError as error:
        raise RefusedError(f"{error}.") from None
    return entry


def tried(entry: PolicyEntry, exchanges: Iterable[Exchange], masker: Masker) -> Tried:
    """The rule over these exchanges, as detection would have asked it."""
    rules, inspector, said = OwnRules(), Inspector(), Tried()
    rules.learn(entry)
    for exchange in exchanges:
        request = exchange.request
        if request is None or exchange.revision > 0 or exchange.part is not None:
            continue
        said.exchanges += 1
        path = request.target.partition(b"?")[0].decode("latin-1")
        read = inspector.read(request, of_the_request(exchange))
        with_it = rules.added(exchange, request, path, read)
        if with_it is read or len(with_it.found) == len(read.found):
            continue
        said.matched += 1
        if decide(read, nothing_excluded, None).scores:
            continue
        said.new += 1
        if len(said.examples) < EXAMPLES_MAX:
            point = with_it.found[-1].match.point
            value = masker.value(point.where, point.value.decode("utf-8", "backslashreplace"))
            line = f"{request.method.decode('latin-1')} {masker.target(path)}"
            said.examples.append(
                (iso(exchange.at_us), exchange.client_ip, line, point.where,
                 value[:VALUE_CHARACTERS_MAX])
            )  # fmt: skip
    return said
