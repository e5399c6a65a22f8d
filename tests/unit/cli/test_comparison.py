"""Gained and lost, rule by rule."""

from services.cli.comparison import changes, opened_within
from tests.findings import finding


def test_equal_ids_are_kept_the_others_gained_or_lost() -> None:
    before = {id_: finding(id_, rule="sqli") for id_ in "abc"}
    after = {id_: finding(id_, rule="sqli") for id_ in "bcd"}
    after |= {"x": finding("x", rule="xss")}
    sqli, xss = changes(before, after)
    assert (sqli.rule, sqli.kept) == ("sqli", 2)
    assert [one.id for one in sqli.gained] == ["d"]
    assert [one.id for one in sqli.lost] == ["a"]
    assert (xss.rule, xss.kept, len(xss.gained), len(xss.lost)) == ("xss", 0, 1, 0)
    assert xss.form()["gained_examples"] == [
        {"id": "x", "endpoint": "GET /search", "title": "found"}
    ]


def test_another_verdict_of_the_same_finding_is_counted() -> None:
    (change,) = changes({"a": finding("a")}, {"a": finding("a", would_block=False)})
    assert (change.kept, change.verdicts) == (1, 1)


def test_only_what_opened_in_the_stretch_is_compared() -> None:
    found = [finding(id_, opened_us=at_us) for id_, at_us in (("a", 1), ("b", 5), ("c", 9))]
    assert set(opened_within(found, 2, 8)) == {"b"}
    assert set(opened_within(found, None, 5)) == {"a", "b"}
    assert set(opened_within(found, None, None)) == {"a", "b", "c"}
