"""From labelled lines to a model: what is trained on, what is held back, when it is refused."""

import base64
import json
from collections.abc import Iterator
from dataclasses import replace
from functools import cache

import pytest

from services.detect.model import Model, terms
from services.detect.training import learn
from services.detect.training.duplicates import unlike, without_near_duplicates
from services.detect.training.fit import Kinds, TooFewError, fitted, ordinary_terms
from services.detect.training.learn import Trained
from services.detect.training.ordinary import KINDS, ordinary_values
from services.detect.training.rates import rates
from services.detect.training.samples import LabelledLineError, Sample, samples_of
from services.detect.verdict import Inspector

WORDS = ("amber", "birch", "cedar", "delta", "ember", "fjord", "gorse", "hazel", "iris", "jasper")
SHAPES = {"angles": "<{} <<~~{} <<", "carets": "^^{};^^;~^{}^;^|^"}


@cache
def inspector() -> Inspector:
    return Inspector()


def line(value: str, label: str, source: str = "a", **more: object) -> bytes:
    query = "".join(f"%{byte:02X}" for byte in value.encode())
    raw = f"GET /a?q={query}&lang=en HTTP/1.1\r\nHost: shop.example\r\n\r\n".encode()
    form = {"source": source, "label": label, "class": "xss" if label == "attack" else "", **more}
    return json.dumps({**form, "request_b64": base64.b64encode(raw).decode()}).encode()


def lines(source: str = "a", shape: str = "angles") -> Iterator[bytes]:
    """Attacks that no rule knows, and benign values with the same signs."""
    for one in WORDS:
        for two in WORDS:
            yield line(SHAPES[shape].format(one, two), "attack", source)
            yield line(f"{one} < {two};", "benign", source)


def samples(given: Iterator[bytes] | list[bytes]) -> list[Sample]:
    return list(samples_of(given, inspector()))


def plain() -> Kinds:
    return {kind: ordinary_terms(ordinary_values(kind, 300)) for kind in KINDS}


def test_weak_labels_are_passed_over_and_wrong_lines_said() -> None:
    assert (
        samples([line("<x", "attack", weak=True), b"\n", line("<x", "attack")])[0].class_ == "xss"
    )
    for wrong in (b"x", b"{}", line("<x", "maybe"), b'{"request_b64": "*", "source": "a"}'):
        with pytest.raises(LabelledLineError, match="line 1"):
            samples([wrong])


def test_a_model_finds_what_no_rule_knows_and_leaves_the_rest() -> None:
    given = samples(list(lines()))
    model = Model(fitted(given, plain()))
    before, after = rates(given, None), rates(given, model)
    assert before.found == 0
    assert after.tpr > 0.85
    assert after.flagged == 0
    assert after.named == after.found
    assert model.opinion(b"<unheard <<~~of <<") is not None


def test_the_same_samples_give_the_same_model() -> None:
    given = samples(list(lines()))
    assert Model(fitted(given, plain())).hash == Model(fitted(given, plain())).hash


def test_what_was_held_back_is_not_trained_on_and_a_worse_model_is_known() -> None:
    given = samples(list(lines()))
    made = learn.trained(given, plain(), None)
    assert made.held_back > 0
    assert made.trained_on + made.held_back <= len(given)
    assert not made.worse
    turned = [replace(one, attack=not one.attack) for one in given]
    wrong = rates(given, Model(fitted(turned, plain())))
    right = rates(given, Model(fitted(given, plain())))
    assert Trained(made.form, wrong, right, 1, 1).worse
    assert not Trained(made.form, right, wrong, 1, 1).worse


def test_a_term_of_one_source_only_has_no_weight() -> None:
    given = samples([*lines("a", "carets"), *lines("b"), *lines("c")])
    known = fitted(given, plain())["terms"]
    assert "~\t~" in known
    assert "^\t;" not in known


def test_a_word_that_only_labelled_requests_have_has_no_weight() -> None:
    given = samples([*lines("a"), *lines("b")])
    assert any(b"fjord" in value for one in given for value in one.values)
    assert not [term for term in fitted(given, plain())["terms"] if "fjord" in term]


def test_near_duplicates_are_found_after_decoding() -> None:
    scored = samples([line("<filename one='a' two='b' three='c' 17>", "attack")])
    near = samples([line("%3Cfilename ONE='a' two='b'  three='c' 99>", "attack", "b")])
    far = samples([line("<a href='x'>", "attack", "b")])
    assert without_near_duplicates(near + far, scored) == far
    kept = frozenset(terms(b"something else (1)"))
    assert unlike([*near[0].values, kept], scored) == [kept]


def test_a_source_is_scored_by_a_model_that_saw_neither_it_nor_its_kin() -> None:
    shapes = {"a": "angles", "b": "angles", "c": "carets", "d": "carets"}
    given = samples([one for source, shape in shapes.items() for one in lines(source, shape)])
    model = Model(fitted(given, plain()))
    kin = [frozenset({"a", "b"}), frozenset({"c", "d"})]
    scored = {one.source: one for one in learn.left_out(given, [], plain(), model, kin)}
    assert set(scored) == set(shapes)
    for one in scored.values():
        assert one.rules.found == 0
        assert one.unseen.found < one.seen.found


@pytest.mark.parametrize("kind", KINDS)
def test_ordinary_values_are_always_the_same(kind: str) -> None:
    assert list(ordinary_values(kind, 50)) == list(ordinary_values(kind, 60))[:50]
    assert len(set(ordinary_values(kind, 600))) > 500


def test_attacks_without_values_to_learn_from_are_said() -> None:
    given = samples([line("<same <<~~value", "attack")] * 60 + [line("plain;", "benign")])
    with pytest.raises(TooFewError, match="no class of attacks has"):
        learn.trained(given, plain(), None)
