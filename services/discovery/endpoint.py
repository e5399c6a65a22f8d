"""Sums to what people read: one Endpoint of the inventory.

In:     the rows that stand under one template.
Out:    an Endpoint, structures as JSON Schema.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import cast

import orjson

from schemas.types import (
    AuthUse,
    Endpoint,
    Parameter,
    Place,
    RequestBody,
    ResponseShape,
    SeenPart,
    SensitivePlace,
    UsageGap,
)  # fmt: skip
from services.discovery.headers import KEY_HEADERS
from services.discovery.hosts import NOT_THERE, Name
from services.discovery.known import Known
from services.discovery.operation import DAY_US, Operation, Part
from services.discovery.risk import flows, risk
from services.discovery.schema import Schema, json_schema, text_schema
from services.discovery.sensitive import kinds, places
from services.discovery.settings import Settings
from services.discovery.shape import Shape
from services.discovery.siblings import segments

# A part that is new is told before it is a share of all requests: when it came so often, and the
# last time so long after the first. Scanners do not stay as long.
NEW_COUNT_MIN, NEW_TIME_US = 10, 3_600_000_000
# Places told of one operation; beyond it a response is a table of people, which ten say as well.
SENSITIVE_MAX = 100


def endpoint(
    site: str, host: str, name: Name, rows: Sequence[Known], settings: Settings, *, coarse: bool
) -> Endpoint:
    """The operation as the inventory has it."""
    operation = _sum(rows)
    method, template, inside = name
    limits = {*operation.overflow, *(["operations"] if coarse else [])}
    parameters, bodies = _parameters(template, operation, settings), _request_bodies(operation)
    auth, at = _auth(operation), flowing(template, operation)
    tags = (*_tags(template, operation), *flows(template, bodies))
    return Endpoint(
        site=site,
        host=host,
        method=method,
        template=numbered(template),
        protocol=_protocol(operation),
        operation=inside or None,
        application=operation.application,
        admitted=_admitted(method, template, operation, settings),
        removed=False,
        first_us=operation.first_us,
        last_us=operation.last_us,
        count=operation.count,
        parameters=parameters,
        request_bodies=bodies,
        responses=_responses(operation),
        auth=auth,
        sensitive=tuple(sorted({place.kind for place in at})),
        risk=risk(method, parameters, bodies, auth, at, tags) if operation.successes else None,
        tags=tags,
        limits=tuple(sorted(limits)),
        sensitive_at=at,
        fields=tuple(sorted(operation.fields)),
        seen=_seen(operation, parameters, settings),
        gaps=_gaps(operation),
    )


def removed(site: str, host: str, name: Name) -> Endpoint:
    """An operation that stands under another template now: readers forget it."""
    return Endpoint(
        site=site, host=host, method=name.method, template=numbered(name.template),
        protocol="rest", operation=name.operation or None, application="", admitted=False,
        removed=True, first_us=0, last_us=0, count=0, parameters=(), request_bodies=(),
        responses=(), auth=(), sensitive=(), risk=None, tags=(), limits=(), sensitive_at=(),
        fields=(), seen=(), gaps=(),
    )  # fmt: skip


def _seen(
    operation: Operation, parameters: Sequence[Parameter], settings: Settings
) -> tuple[SeenPart, ...]:
    """Parts with their times; rare ones are noise, as rare parameters are."""
    told = {f"{parameter.place} {parameter.name}" for parameter in parameters}
    for name, counts, total in (
        ("auth", operation.auth_of_successes, operation.successes),
        ("status", operation.statuses, operation.answered),
        ("body", {kind: b.count for kind, b in operation.bodies.items()}, operation.successes),
    ):
        told |= {
            what
            for kind, count in counts.items()
            if is_used(operation, what := f"{name} {kind}", count, total, settings)
        }
    return tuple(
        SeenPart(what=what, first_us=first_us, last_us=last_us)
        for what, (first_us, last_us) in sorted(operation.seen.items())
        if what in told
    )


def is_used(operation: Operation, what: str, count: int, total: int, settings: Settings) -> bool:
    """Whether a part is more than noise, be it that it is new.

    Of the requests since it first came it must be in as many as others must be of all; how many
    there were since then is estimated, as if they had come evenly.
    """
    share = settings.parameter_share
    if count > share * total:
        return True
    first_us, last_us = operation.seen.get(what, (0, 0))
    if count < NEW_COUNT_MIN or last_us - first_us < NEW_TIME_US:
        return False
    life_us = operation.last_us - operation.first_us
    return count > share * total * (operation.last_us - first_us) / life_us


def _gaps(operation: Operation) -> tuple[UsageGap, ...]:
    runs = operation.days
    return tuple(
        UsageGap(from_us=(before[1] + 1) * DAY_US, to_us=after[0] * DAY_US)
        for before, after in pairwise(runs)
    )


def numbered(template: str) -> str:
    """Each variable with a name of its own: /a/{id}/b/{id} as /a/{id}/b/{id2}."""
    seen: dict[str, int] = {}
    return "/" + "/".join(_named(label, seen) for label in segments(template))


def _named(label: str, seen: dict[str, int]) -> str:
    if not label.startswith("{"):
        return label
    variable, brace, rest = label[1:].partition("}")
    seen[variable] = seen.get(variable, 0) + 1
    number = str(seen[variable]) if seen[variable] > 1 else ""
    return "{" + variable + number + brace + rest


def _sum(rows: Sequence[Known]) -> Operation:
    if len(rows) == 1:
        return rows[0].operation
    total = Operation()
    for known in rows:
        total.merge(known.operation)
    return total


def _protocol(operation: Operation) -> str:
    if not operation.protocols:
        return "rest"
    return max(operation.protocols, key=lambda name: (operation.protocols[name], name))


def _admitted(method: str, template: str, operation: Operation, settings: Settings) -> bool:
    span_us = operation.last_success_us - operation.first_success_us
    return (
        operation.successes >= settings.min_count
        and span_us >= settings.min_time_s * 1_000_000
        and method not in settings.methods_ignored
        and "{file}" not in template
    )


def _parameters(template: str, operation: Operation, settings: Settings) -> tuple[Parameter, ...]:
    found = list(_path_parameters(template, operation))
    for name, part in operation.parameters.items():
        place, _, own = name.partition(" ")
        if place == "path" or not is_used(
            operation, name, part.count, operation.successes, settings
        ):
            continue
        found.append(
            Parameter(
                place=cast(Place, place),
                name=own,
                schema=_text(text_schema(part.shape)),
                required=part.count >= operation.successes,
                count=part.count,
                sensitive=tuple(sorted(_carried(place, own, part))),
            )
        )
    return tuple(sorted(found, key=lambda parameter: (parameter.place, parameter.name)))


def _path_parameters(template: str, operation: Operation) -> list[Parameter]:
    found = []
    labels = segments(numbered(template))
    for i, label in enumerate(labels):
        if not label.startswith("{"):
            continue
        part = operation.parameters.get(f"path {i}") or Part()
        # Names that turned out to be values were not counted as such: they are texts.
        schema = text_schema(part.shape) if part.count == operation.successes else {}
        found.append(
            Parameter(
                place="path",
                name=label[1:].partition("}")[0],
                schema=_text(schema or {"type": "string"}),
                required=True,
                count=operation.successes,
                sensitive=tuple(sorted(kinds(part.shape, ""))),
            )
        )
    return found


def flowing(template: str, operation: Operation) -> tuple[SensitivePlace, ...]:
    """Sensitive data by the place where it comes in or goes out."""
    found: list[SensitivePlace] = []

    def add(direction: str, where: str, kind: str, score: float) -> None:
        place = SensitivePlace(direction=direction, where=where, kind=kind, score=score)
        found.append(place)

    labels = segments(numbered(template))
    for name, part in sorted(operation.parameters.items()):
        place, _, own = name.partition(" ")
        if place == "path":
            label = labels[int(own)] if int(own) < len(labels) else ""
            if not label.startswith("{"):
                continue
            name, own = f"path {label[1:].partition('}')[0]}", ""
        for kind, score in sorted(_carried(place, own, part).items()):
            add("in", name, kind, score)
    for direction, parts in (("in", operation.bodies), ("out", operation.responses)):
        head = "body " if direction == "in" else ""
        for name, part in sorted(parts.items()):
            for at in places(part.shape):
                add(direction, f"{head}{name} {at.path}", at.kind, at.score)
    return tuple(found[:SENSITIVE_MAX])


def _carried(place: str, name: str, part: Part) -> dict[str, float]:
    """Sensitive data in a parameter. What shows who asks is authentication, and told as such."""
    if place == "cookie" or (place == "header" and name in (*KEY_HEADERS, "authorization")):
        return {}
    return kinds(part.shape, name)


def _request_bodies(operation: Operation) -> tuple[RequestBody, ...]:
    return tuple(
        RequestBody(content_type=name, schema=_text(_body(name, part.shape)), count=part.count)
        for name, part in sorted(operation.bodies.items())
    )


def _responses(operation: Operation) -> tuple[ResponseShape, ...]:
    found = []
    for name, part in operation.responses.items():
        status, _, content_type = name.partition(" ")
        schema = _body(content_type, part.shape)
        found.append(
            ResponseShape(
                status=int(status),
                content_type=content_type,
                schema=_text(schema) if schema else "",
                count=part.count,
            )
        )
    return tuple(sorted(found, key=lambda response: (response.status, response.content_type)))


def _body(content_type: str, shape: Shape) -> Schema:
    if content_type.endswith(("form-urlencoded", "form-data", "xml")):
        return text_schema(shape)
    return json_schema(shape)


def _auth(operation: Operation) -> tuple[AuthUse, ...]:
    counts = operation.auth_of_successes or operation.auth
    total = operation.successes if operation.auth_of_successes else operation.answered
    return tuple(
        AuthUse(kind=kind, coverage=round(count / total, 4))
        for kind, count in sorted(counts.items())
    )


def _tags(template: str, operation: Operation) -> tuple[str, ...]:
    if template == NOT_THERE:
        return ("missing",)
    if "{file}" in template:
        return ("static",)
    pages = any(name.startswith("2") and name.endswith("text/html") for name in operation.responses)
    return ("page",) if pages else ()


def _text(schema: Schema) -> str:
    return orjson.dumps(schema, option=orjson.OPT_SORT_KEYS).decode()
