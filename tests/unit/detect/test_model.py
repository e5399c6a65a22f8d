"""The learned opinion: what it sees, when it is asked, and that it is the same everywhere."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.types import PolicyEntry
from services.detect import learned
from services.detect.model import SIGNS, VALUE_BYTES_MAX, Model, asked_of, canonical, terms
from services.detect.models import RULES, SHIPPED, Models, loaded, shipped
from services.detect.points import Cutter
from services.detect.rules import Match, Rule
from services.detect.scoring import Signal
from services.detect.verdict import Inspector, decide, nothing_excluded
from services.detect.view import PlainRequest

FORM = {
    "form": 1, "bias": -1.0, "threshold": 3.0,
    "terms": {"zorp": 2.0, "<": 1.5, "<\tzorp": 1.0, "safe": -4.0},
    "classes": {"xss": {"bias": 0.0, "terms": {"<": 1.0}}, "sqli": {"bias": 0.2, "terms": {}}},
}  # fmt: skip
OTHER = {**FORM, "threshold": 9.0}


def entry(id_: str, body: bytes, *, removed: bool = False) -> PolicyEntry:
    return PolicyEntry(
        id=id_, kind="model", site="", host="", path="", where="", body=body.decode(), by="ann",
        at_us=0, removed=removed,
    )  # fmt: skip


def published(form: dict[str, object]) -> PolicyEntry:
    return entry(f"model/{Model(form).hash}", canonical(form))


def query(value: bytes, name: bytes = b"q") -> PlainRequest:
    return PlainRequest(method=b"GET", target=b"/a?" + name + b"=" + value, version="1.1")


def test_terms_are_words_signs_and_neighbours_with_numbers_and_blanks_as_one() -> None:
    assert terms(b"Ab  123") == {b"ab", b" ", b"9", b"^\tab", b"ab\t ", b" \t9", b"9\t$"}
    assert terms(b"AB 9") == terms(b"ab\n77777")


@pytest.mark.parametrize(
    ("place", "value", "asked"),
    [
        ("query", b"<b", True),
        ("body.json>json", b"a'b", True),
        ("query", b"plain words 12", False),
        ("header", b"<b", False),
        ("cookie", b"<b", False),
        ("query.name", b"<b", False),
        ("query", b'{"a": "<"}', False),
        ("query", b"%3Cb'", False),
        ("query", b"50% 'off", True),
        ("query", b"<" * VALUE_BYTES_MAX, True),
        ("query", b"<" * (VALUE_BYTES_MAX + 1), False),
    ],
)
def test_a_model_is_asked_of_short_decoded_values_with_a_sign(
    place: str, value: bytes, asked: bool
) -> None:
    assert asked_of(place, value) is asked


@given(st.binary(max_size=60))
def test_a_value_without_a_sign_is_never_asked(value: bytes) -> None:
    if not any(sign in value for sign in SIGNS):
        assert not asked_of("query", value)


def test_an_opinion_has_a_class_and_the_terms_that_made_it() -> None:
    opinion = Model(FORM).opinion(b"<zorp 12>")
    assert opinion is not None
    assert (opinion.score, opinion.class_) == (pytest.approx(0.6225, abs=1e-4), "xss")
    assert opinion.why == (("zorp", 2.0), ("<", 1.5), ("<zorp", 1.0))
    assert Model(FORM).opinion(b"<safe") is None


def test_a_model_speaks_with_its_evidence_where_the_rules_are_silent() -> None:
    verdict = Inspector().inspect(query(b"%3Czorp!"), nothing_excluded, Model(FORM))
    assert list(verdict.scores) == ["xss"]
    assert verdict.model == Model(FORM).hash
    (said,) = verdict.signals
    assert (said.rule.id, said.match.point.value) == ("xss.learned", b"<zorp!")
    assert said.why[0] == ("zorp", 2.0)
    assert Inspector().inspect(query(b"%3Czorp!")).scores == {}


def test_a_model_can_be_excluded_like_a_rule() -> None:
    read = Inspector().read(query(b"%3Czorp!"))
    quiet = decide(read, lambda signal: signal.rule.id == "xss.learned", Model(FORM))
    assert quiet.scores == {}


def test_texts_are_left_to_the_rules() -> None:
    text = b"what+is+the+meaning+of+this+and+how+should+we+write+<zorp+please"
    assert Inspector().inspect(query(text), nothing_excluded, Model(FORM)).scores == {}


def test_where_a_rule_hints_the_model_takes_its_class_and_where_one_decides_it_is_silent() -> None:
    asked = PlainRequest(method=b"GET", target=b"/?q=<zorp!", version="1.1")
    points = Cutter().request(asked)
    point = next(point for point in points.found if point.where == "query.q")
    hint = Signal(
        "lfi", Rule(id="lfi.x", pattern="", weight=0.2, title=""), Match(point, 0, 1), 0.2
    )
    (said,) = learned.signals(Model(FORM), points, [hint])
    assert said.class_ == "lfi"
    sure = Signal("lfi", hint.rule, hint.match, 0.6)
    assert learned.signals(Model(FORM), points, [sure]) == []


def test_a_hash_is_of_the_content_however_it_is_written() -> None:
    spread = canonical(FORM).replace(b",", b" , ")
    assert loaded(spread).hash == Model(FORM).hash != Model(OTHER).hash


@pytest.mark.parametrize(
    "data", [b"{}", b"[]", b"x", b'{"form":2}', b'{"form":1,"bias":0,"threshold":1,"terms":[1]}']
)
def test_what_is_no_model_is_a_sentence(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        loaded(data)


def test_models_are_activated_shadowed_and_rolled_back_by_hash() -> None:
    models, name = Models(), Model(FORM).hash
    assert models.active is None
    assert models.shadow is None
    with pytest.raises(ValueError, match="no model"):
        models.learn(entry("model", b'{"active": "%s"}' % name.encode()))
    models.learn(published(FORM))
    models.learn(entry("model", b'{"shadow": "%s"}' % name.encode()))
    assert models.active is None
    assert models.shadowed
    assert models.shadow is not None
    models.learn(entry("model", b'{"active": "%s"}' % name.encode()))
    assert models.active is not None
    assert (models.active.hash, models.shadowed) == (name, False)
    models.learn(entry(f"model/{name}", b"{}", removed=True))
    assert models.active.hash == name, "what is in use stays"
    models.learn(entry("model", b'{"active": "%s"}' % RULES.encode()))
    assert models.active is None
    assert models.shadow is None
    models.learn(entry("model", b"{}", removed=True))
    assert models.shadow is None


def test_a_model_under_another_name_is_refused() -> None:
    with pytest.raises(ValueError, match="hash is"):
        Models().learn(entry("model/0000", canonical(FORM)))


def test_the_shipped_model_is_there_and_tells_attacks_from_the_rest() -> None:
    model = shipped()
    assert model is not None, f"{SHIPPED} is missing"
    assert model.score(b"1' union select null,null --") > 0.5
    assert model.score(b"O'Brien & sons (2)") < 0.1
    assert model.opinion(b"a < b && c > d") is None
