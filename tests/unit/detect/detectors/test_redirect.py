"""Open redirect: what must fire, and what must not."""

from services.detect.detectors.redirect import DETECTOR
from tests.unit.detect.detectors.cases import check_attacks, check_fires, check_silent, path, query

FIRES = {
    "redirect.odd-address": [
        (query, "//\t/x.example/"),
        (query, "///x.example/"),
        (query, "https:x.example"),
    ],
    "redirect.userinfo": [(query, "https://shop.example@x.example/")],
    "redirect.path": [(path, "//x.example.com/%2f..")],
    "redirect.other-dot": [(query, "//shop。example"), (query, "//x.example//..")],
}

ATTACKS = [
    (query, "/\\x.example/"),
    (path, "//x.example.com/"),
]

SILENT = [
    (query, "今日は。また"),
    (query, "//comment"),
    (query, "https://x.example/a"),
    (query, "/account/orders"),
    (query, "//cdn.example/x.js"),
    (query, "ann@x.example"),
    (path, "/a//b"),
    (query, "mailto:ann@x.example"),
]


def test_every_rule_fires_on_its_cases() -> None:
    assert sum(len(cases) for cases in FIRES.values()) == 7
    check_fires(DETECTOR, FIRES)


def test_whole_attacks_are_called_so() -> None:
    check_attacks(DETECTOR, ATTACKS)


def test_look_alikes_are_silent() -> None:
    check_silent(SILENT)
