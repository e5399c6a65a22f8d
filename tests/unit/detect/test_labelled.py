"""A label reaches every exchange of its finding that is still there, and no other."""

from collections.abc import Sequence
from functools import cache, partial

import pytest

from schemas.codec import decode, encode
from schemas.types import Exchange, Finding, Label
from services.detect.core import DetectCore
from services.detect.settings import Settings
from services.detect.training import labelled
from services.detect.training.labelled import Labelled
from services.detect.training.samples import Origin, Sample
from services.detect.verdict import Inspector
from services.runtime.masking import Masker
from tests.plain_view import ExchangeView
from tests.traffic import START_US, exchange, run, watermark

INJECTION = "/items?id=7%27%20UNION%20SELECT%20name,pass%20FROM%20users--%20{}"
SCRIPT = "/items?id=%3Cscript%3Ealert({})%3C/script%3E"
# A scan of ten requests, one of them elsewhere and one of another client; and ordinary ones.
SCAN = [exchange(INJECTION.format(n), at_s=n, serial=n) for n in range(10)]
ELSEWHERE = exchange(INJECTION.format(0).replace("items", "orders"), at_s=3)
OTHER = exchange(INJECTION.format(0), at_s=3, client="203.0.113.9")
ORDINARY = [exchange(f"/items?id={n}", at_s=n + 0.5) for n in range(10)]
TRAFFIC = [*SCAN, ELSEWHERE, OTHER, *ORDINARY]


@cache
def inspector() -> Inspector:
    return Inspector()


def findings(exchanges: Sequence[Exchange]) -> dict[str, Finding]:
    """The last revision of each."""
    core = DetectCore(Settings(), Masker(b"key"), ExchangeView, inspector())
    outputs = run(core, list(exchanges)).outputs
    told = [decode(out.value) for out in outputs if out.topic == "findings" and out.value]
    return {one.id: one for one in told}


def label(id_: str, verdict: bool, class_: str = "") -> Label:
    return Label(id=id_, verdict=verdict, class_=class_, by="ann", at_us=0, note="")


def taken(labels: Sequence[Label], exchanges: Sequence[Exchange] = TRAFFIC) -> list[Sample]:
    wanted = Labelled(labels, findings(TRAFFIC).get, inspector())
    views = [ExchangeView(encode(one)) for one in exchanges]
    made = (wanted.sample(view, partial(Origin, exchange=view.id)) for view in views)
    return [one for one in made if one is not None]


def scan_of(exchanges: Sequence[Exchange]) -> Finding:
    (found,) = findings(exchanges).values()
    return found


@pytest.mark.parametrize("verdict", [True, False])
def test_every_exchange_of_the_finding_has_its_label(verdict: bool) -> None:
    finding = scan_of(SCAN)
    samples = taken([label(f"finding/{finding.id}", verdict)])
    assert [one.origin.exchange for one in samples] == [one.id for one in SCAN]
    assert {one.attack for one in samples} == {verdict}
    assert {one.class_ for one in samples} == {"sqli" if verdict else ""}
    assert {(one.origin.label, one.origin.by, one.source) for one in samples} == {
        ("label", "ann", "labels")
    }


def test_what_came_after_it_was_closed_is_not_its() -> None:
    told = run(
        DetectCore(Settings(), Masker(b"key"), ExchangeView, inspector()),
        [*SCAN[:5], watermark(10_000)],
    )
    (*_, closed) = (
        decode(one.value) for one in told.outputs if one.topic == "findings" and one.value
    )
    assert closed.state == "closed"
    wanted = Labelled([label(f"finding/{closed.id}", True)], {closed.id: closed}.get, inspector())
    made = [wanted.sample(ExchangeView(encode(one)), Origin) for one in SCAN]
    assert [one is not None for one in made] == [True] * 5 + [False] * 5


def test_an_attacker_who_comes_back_has_two_findings_and_both_count() -> None:
    again = [exchange(INJECTION.format(n), at_s=20_000 + n, serial=n) for n in range(4)]
    core = DetectCore(Settings(), Masker(b"key"), ExchangeView, inspector())
    outputs = run(core, [*SCAN, watermark(10_000), *again]).outputs
    kept = {one.id: one for out in outputs if out.topic == "findings" and out.value
            for one in [decode(out.value)]}  # fmt: skip
    assert len(kept) == 2
    wanted = Labelled([label(f"finding/{id_}", True) for id_ in kept], kept.get, inspector())
    made = [wanted.sample(ExchangeView(encode(one)), Origin) for one in (*SCAN, *again)]
    assert all(one is not None and one.attack for one in made)


def test_the_word_on_an_exchange_counts_before_that_on_its_finding() -> None:
    words = [
        label(f"finding/{scan_of(SCAN).id}", True),
        *(label(f"exchange/{one.id}", False) for one in SCAN[:2]),
        label(f"exchange/{SCAN[7].id}", False),
    ]
    assert [one.attack for one in taken(words)] == [n not in (0, 1, 7) for n in range(10)]


def test_the_right_class_is_the_persons() -> None:
    samples = taken([label(f"finding/{scan_of(SCAN).id}", True, "scanner")])
    assert {one.class_ for one in samples} == {"scanner"}


def test_an_exchange_can_be_labelled_itself() -> None:
    (missed,) = taken([label(f"exchange/{ORDINARY[4].id}", True, "nosql")])
    assert (missed.attack, missed.class_, missed.origin.exchange) == (True, "nosql", ORDINARY[4].id)
    (unsaid,) = taken([label(f"exchange/{ORDINARY[4].id}", True)])
    assert unsaid.class_ == "other"


def test_of_two_words_attack_counts() -> None:
    both = [*SCAN[:1], exchange(INJECTION.format(0) + "&q=" + SCRIPT.split("=")[1])]
    found = {one.class_: one for one in findings(both).values()}
    words = [label(f"finding/{found['sqli'].id}", True), label(f"finding/{found['xss'].id}", False)]
    wanted = Labelled(words, findings(both).get, inspector())
    made = wanted.sample(ExchangeView(encode(both[1])), Origin)
    assert made is not None
    assert made.attack


def test_an_injection_of_a_scanner_is_an_injection() -> None:
    agent = [(b"User-Agent", b"sqlmap/1.7")]
    scanned = [exchange(INJECTION.format(n), at_s=n, headers=agent) for n in range(3)]
    kept = findings(scanned)
    wanted = Labelled([label(f"finding/{id_}", True) for id_ in kept], kept.get, inspector())
    assert {one.class_ for one in kept.values()} == {"scanner", "sqli"}
    views = [ExchangeView(encode(one)) for one in scanned]
    made = [wanted.sample(view, partial(Origin, exchange=view.id)) for view in views]
    assert [one and one.class_ for one in made] == ["sqli"] * 3


def test_what_names_nothing_is_counted() -> None:
    wanted = Labelled([label("finding/none", True)], {}.get, inspector())
    assert (wanted.passed_over, bool(wanted)) == (1, False)


def test_a_scan_counts_no_more_than_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(labelled, "A_LABEL_MAX", 3)
    assert len(taken([label(f"finding/{scan_of(SCAN).id}", True)])) == 3


def test_it_knows_since_when_to_look() -> None:
    finding = scan_of(SCAN[2:])
    wanted = Labelled(
        [label(f"finding/{finding.id}", True)], {finding.id: finding}.get, inspector()
    )
    assert wanted.since_us == START_US + 2_000_000
    one = Labelled([label("exchange/x", False)], {}.get, inspector())
    assert one.since_us is None
