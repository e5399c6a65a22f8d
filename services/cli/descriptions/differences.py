"""How the inventory differs from a description.

In:     endpoints in their JSON form (json_forms.py), the operations of a description and, where
        given, of the one before it.
Out:    differences in their JSON form:
        shadow      seen, not described
        orphan      described, never seen to work
        zombie      seen, although deprecated, or gone since the description before
        undocumented_parameter, _property, _status   of an operation that is described
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from services.cli.descriptions.described import Described
from services.cli.descriptions.properties import properties, unnamed
from services.discovery.segments import label

Json = dict[str, Any]
KINDS = (
    "shadow", "zombie", "orphan", "undocumented_parameter", "undocumented_property",
    "undocumented_status",
)  # fmt: skip
VARIABLE = re.compile(r"\{[^{}/]*\}")
VALUE = r"\{[^/{}]*\}"
# Requests of these methods say nothing of what an API offers.
METHODS_IGNORED = ("HEAD", "OPTIONS")
# Nobody describes what HTTP itself answers with.
STATUSES_OF_HTTP = frozenset((100, 101, 304))


@dataclass(frozen=True, slots=True)
class Comparison:
    """A description, and whether its base path holds."""

    described: tuple[Described, ...]
    with_base: bool = True

    def of(self, endpoint: Json) -> Described | None:
        """The operation that a router would take: of several the one with most names."""
        path = endpoint["template"].rstrip("/") or "/"
        fitting = [
            (_names(one.path), _literal(one.path), -i, one)
            for i, one in enumerate(self.described)
            if one.method == endpoint["method"]
            and any(
                _pattern(base + one.path, one.narrow).fullmatch(path) for base in self._bases(one)
            )
        ]
        return max(fitting, key=lambda found: found[:3])[3] if fitting else None

    def _bases(self, one: Described) -> tuple[str, ...]:
        return one.bases if self.with_base else ("",)


def hosts_of(endpoints: Sequence[Json], comparison: Comparison, named: frozenset[str]) -> set[str]:
    """Hosts to compare: those that the description names, else those where its paths are used."""
    seen = {endpoint["host"] for endpoint in endpoints}
    without_port = {host.partition(":")[0] for host in named}
    ours = {host for host in seen if host in named or host.partition(":")[0] in without_port}
    return ours or {e["host"] for e in endpoints if _worked(e) and comparison.of(e)}


def differences(
    endpoints: Iterable[Json], now: Comparison, before: Comparison | None
) -> Iterator[Json]:
    """All of them, endpoint by endpoint, then what was never seen."""
    used: dict[int, int] = {}
    for endpoint in endpoints:
        one = now.of(endpoint)
        if not _worked(endpoint):
            if one:
                used.setdefault(id(one), 0)
            continue
        if one is None:
            yield from _not_described(endpoint, before)
            continue
        used[id(one)] = used.get(id(one), 0) + endpoint["count"]
        if one.deprecated:
            yield _difference("zombie", endpoint, one.path, "deprecated")
        yield from _undocumented(endpoint, one)
    for one in now.described:
        if not used.get(id(one)) and not one.deprecated:
            where = "only failing requests" if id(one) in used else ""
            yield {
                "kind": "difference", "difference": "orphan", "host": "", "method": one.method,
                "template": "", "described": one.path, "where": where, "count": 0,
                "first_at": None, "last_at": None, "admitted": False, "operation": None,
            }  # fmt: skip


def _not_described(endpoint: Json, before: Comparison | None) -> Iterator[Json]:
    old = before.of(endpoint) if before else None
    if old:
        yield _difference("zombie", endpoint, old.path, "not described any more")
    elif "static" not in endpoint["tags"] and endpoint["method"] not in METHODS_IGNORED:
        yield _difference("shadow", endpoint, "", "")


def _undocumented(endpoint: Json, one: Described) -> Iterator[Json]:
    for parameter in endpoint["parameters"]:
        place, name = parameter["in"], parameter["name"]
        if place != "path" and not _is_described(place, name, one.parameters):
            yield _difference(
                "undocumented_parameter", endpoint, one.path, f"{place} {name}", parameter["count"]
            )
    for body in endpoint["request_bodies"]:
        for path in unnamed(properties({}, body["schema"]), one.sent):
            yield _difference(
                "undocumented_property", endpoint, one.path, f"body {path}", body["count"]
            )
    for response in endpoint["responses"]:
        status = response["status"]
        key = _status(status, one.statuses)
        if not key and status not in STATUSES_OF_HTTP:
            where = str(status)
            yield _difference("undocumented_status", endpoint, one.path, where, response["count"])
        elif key:
            for path in unnamed(properties({}, response["schema"]), one.got[key]):
                yield _difference(
                    "undocumented_property", endpoint, one.path, f"{status} {path}",
                    response["count"],
                )  # fmt: skip


def _status(status: int, described: frozenset[str]) -> str:
    """The described status that covers one: itself, its class or all; empty: none."""
    candidates = (str(status), f"{status // 100}XX", "default")
    return next((one for one in candidates if one in described), "")


def _is_described(place: str, name: str, described: frozenset[tuple[str, str]]) -> bool:
    """filter[name] and ids[] are parts of the parameters filter and ids (deepObject, arrays)."""
    name = name.lower() if place == "header" else name
    return (place, name) in described or (place, name.partition("[")[0]) in described


def _worked(endpoint: Json) -> bool:
    return any(200 <= response["status"] < 400 for response in endpoint["responses"])


def _difference(
    kind: str, endpoint: Json, described: str, where: str, count: int | None = None
) -> Json:
    return {
        "kind": "difference",
        "difference": kind,
        "host": endpoint["host"],
        "method": endpoint["method"],
        "template": endpoint["template"],
        "operation": endpoint["operation"],
        "described": described,
        "where": where,
        "count": endpoint["count"] if count is None else count,
        "first_at": endpoint["first_at"],
        "last_at": endpoint["last_at"],
        "admitted": endpoint["admitted"],
    }


def _names(path: str) -> int:
    return sum(not VARIABLE.search(segment) for segment in path.split("/"))


def _literal(path: str) -> int:
    """Characters outside of variables: of {id} and {id}.json the second says more."""
    return len(VARIABLE.sub("", path))


@lru_cache(65_536)
def _pattern(path: str, narrow: frozenset[str]) -> re.Pattern[str]:
    """A described path as a pattern for templates of the inventory.

    What stands for a name in it must stand there as the inventory writes it: /reports/2024-05-01
    is /reports/{date}. Where a description has a number or the like (`narrow`), a name does not
    fit: /orders/export is not described by /orders/{number}.
    """
    segments = [
        _segment(segment, narrow) for segment in path.partition("?")[0].strip("/").split("/")
    ]  # fmt: skip
    return re.compile("/" + "/".join(segments))


def _segment(segment: str, narrow: frozenset[str]) -> str:
    names = VARIABLE.findall(segment)
    if not names:
        return re.escape(label(segment.encode("utf-8", "surrogatepass")))
    made = re.escape(segment.partition("{")[0])
    rest = VARIABLE.split(segment)[1:]
    for name, part in zip(names, rest, strict=True):
        made += (VALUE if name[1:-1] in narrow else "[^/]+") + re.escape(part)
    return made
