"""Shadows, zombies and orphans: those that were planted beside those that a comparison finds."""

from collections.abc import Iterable, Mapping
from typing import Any

from schemas.types import Endpoint
from services.cli.descriptions.described import operations
from services.cli.descriptions.differences import Comparison, differences
from services.cli.json_forms import endpoint_form
from tests.apis.described import shape
from tests.apis.score import Figure
from tests.apis.world import World

Json = dict[str, Any]
PLANTED = ("shadow", "zombie", "orphan")


def planted(
    made: World, told: Iterable[Endpoint], described: Mapping[str, tuple[Json, Json]]
) -> Figure:
    """Kind, host, method and path of each."""
    figure = Figure(
        {(m.role, m.host, m.method, shape(m.template)) for m in made.operations if m.role}
        | {("orphan", m.host, m.method, shape(m.template)) for m in made.orphans}
    )
    forms = [endpoint_form(e) for e in told if e.admitted]
    for host, (now, before) in described.items():
        own = [form for form in forms if form["host"] == host]
        newer, older = Comparison(tuple(operations(now))), Comparison(tuple(operations(before)))
        for one in differences(own, newer, older):
            if one["difference"] in PLANTED:
                path = one["template"] or one["described"]
                figure.told.add((one["difference"], host, one["method"], shape(path)))
    return figure
