"""Template injection: what must fire, and what must not."""

from services.detect.detectors.ssti import DETECTOR
from tests.unit.detect.detectors.cases import check_attacks, check_fires, check_silent, query

FIRES = {
    "ssti.arithmetic": [(query, "{{8*9}}"), (query, "${191*7}")],
    "ssti.python": [(query, "{{ self.x }}"), (query, "''.__class__.__mro__")],
    "ssti.engine": [(query, "<#assign x=1>"), (query, "{{dump(app)}}")],
    "ssti.probe": [(query, "a{{12|add:3}}")],
}

ATTACKS = [
    (query, "{{7*191}}"),
    (query, "{{ ''.__class__.__mro__[1].__subclasses__() }}"),
]

SILENT = [
    (query, "{{name}}"),
    (query, "Dear {first_name},"),
    (query, "{% block %} is a tag that you use in your templates for this"),
    (query, "{1}"),
    (query, "100%"),
    (query, "${total}"),
]


def test_every_rule_fires_on_its_cases() -> None:
    assert sum(len(cases) for cases in FIRES.values()) == 7
    check_fires(DETECTOR, FIRES)


def test_whole_attacks_are_called_so() -> None:
    check_attacks(DETECTOR, ATTACKS)


def test_look_alikes_are_silent() -> None:
    check_silent(SILENT)
