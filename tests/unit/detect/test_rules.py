"""The rules as a set: named alike, compiled alike, each with its cases."""

from collections import Counter
from pathlib import Path

from services.detect.detectors import BY_CLASS, DETECTORS
from services.detect.fixation import FIXATION
from services.detect.graphql_abuse import RULES as GRAPHQL
from services.detect.known_exploits import RULES as KNOWN_EXPLOITS
from services.detect.libinjection import FRAGMENT, HTML, INJECTION
from services.detect.matcher import LAST, Matcher
from services.detect.points import Point
from services.detect.smuggling import RULES as SMUGGLING

ROOT = Path(__file__).parents[3]
RULES = [rule for detector in DETECTORS for rule in detector.rules]
# What is no pattern.
BESIDE = [INJECTION, FRAGMENT, HTML, FIXATION, *SMUGGLING, *GRAPHQL, *KNOWN_EXPLOITS]


def test_ids_are_unique_and_begin_with_their_class() -> None:
    assert [name for name, count in Counter(rule.id for rule in RULES).items() if count > 1] == []
    for detector in DETECTORS:
        assert all(rule.id.startswith(f"{detector.class_}.") for rule in detector.rules)


def test_every_detector_has_its_cases_and_its_references() -> None:
    files = {path.stem for path in (Path(__file__).parent / "detectors").glob("test_*.py")}
    assert files == {f"test_{class_}" for class_ in BY_CLASS}
    assert len(DETECTORS) == 21
    for detector in DETECTORS:
        assert detector.cwe
        assert detector.attack
        assert detector.owasp
        assert detector.advice.endswith(".")


def test_weights_are_chances() -> None:
    for rule in RULES:
        assert 0 < rule.weight < 1, rule.id
        assert 0 < rule.in_text <= 1, rule.id


def test_every_rule_compiles_by_itself() -> None:
    point = Point("query", b"q", b"", b"x")
    for rule in RULES:
        assert list(Matcher([rule]).places(rule, point)) == [], rule.id


def test_the_place_of_a_match_is_as_short_as_it_can_be() -> None:
    matcher = Matcher(RULES)
    rule = next(rule for rule in RULES if rule.id == "sqli.union-select")
    value = b"7 and then some UNION  SELECT 1"
    (match,) = matcher.places(rule, Point("query", b"q", value, value))
    assert match.text == b"UNION  SELECT"
    assert match.before == b"7 and then some "
    assert match.after == b" 1"


def test_later_places_are_given_too() -> None:
    matcher = Matcher(RULES)
    rule = next(rule for rule in RULES if rule.id == "sqli.union-select")
    value = b"union select 1 union all select 2"
    found = list(matcher.places(rule, Point("query", b"q", value, value)))
    assert [match.text for match in found] == [b"union select", b"union all select"]


def test_a_match_at_the_very_end_is_seen_by_all_rules_together() -> None:
    """Hyperscan misses some of these in a group when the data ends with them."""
    matcher = Matcher(RULES)
    value = b"@{[crypt($p, 'x')]}"
    assert "rce.perl" in {r.id for r in matcher.occurring(value + LAST, 1)}


def test_the_documentation_has_every_rule_as_it_is() -> None:
    text = (ROOT / "docs" / "detections.md").read_text()
    for rule in [*RULES, *BESIDE]:
        row = f"| `{rule.id}` | {rule.title} | {rule.weight} | × {rule.in_text} |"
        assert row in text, f"missing: {row}"
    assert text.count("\n| `") == len(RULES) + len(BESIDE)
