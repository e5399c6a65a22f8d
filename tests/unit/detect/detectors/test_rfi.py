"""Remote file inclusion: what must fire, and what must not."""

from services.detect.detectors.rfi import DETECTOR
from tests.unit.detect.detectors.cases import check_attacks, check_fires, check_silent, path, query

FIRES = {
    "rfi.script-url": [(query, "http://x.example/a.txt?")],
    "rfi.address-url": [(query, "http://203.0.113.5/x")],
    "rfi.runnable-url": [(query, "http://x.example/b/a.txt")],
    "rfi.shell-url": [(query, "http://x.example/c99.txt")],
    "rfi.include-parameter": [
        (path, "/index.php?GLOBALS[a]=http://x.example/"),
        (query, "[http://x.example/a.txt?"),
    ],
}

ATTACKS = [
    (query, "http://x.example/shell.php?cmd="),
    (query, "ftp://x.example/b/a.txt?"),
]

SILENT = [
    (query, "https://shop.example/"),
    (query, "https://shop.example/about.php"),
    (path, "/go?url=https://x.example/a.txt"),
    (path, "/share?u=https://x.example/a.php?id=9"),
    (query, "a.txt?"),
]


def test_every_rule_fires_on_its_cases() -> None:
    assert sum(len(cases) for cases in FIRES.values()) == 6
    check_fires(DETECTOR, FIRES)


def test_whole_attacks_are_called_so() -> None:
    check_attacks(DETECTOR, ATTACKS)


def test_look_alikes_are_silent() -> None:
    check_silent(SILENT)
