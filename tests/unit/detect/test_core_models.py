"""A model that comes through policy decides at once, stands in its findings, and can go again."""

from functools import cache
from pathlib import Path

import pytest

from schemas.codec import decode, encode
from schemas.types import Finding, PolicyEntry
from services.detect.core import DetectCore
from services.detect.model import Model, canonical
from services.detect.models import Models, named
from services.detect.settings import Settings
from services.detect.verdict import Inspector
from services.detect.worker import service
from services.runtime.core import Event
from services.runtime.masking import Masker
from tests.plain_view import ExchangeView
from tests.traffic import exchange, run

# Speaks of every value with an angle, as no rule does.
FORM = {
    "form": 1, "bias": 0.0, "threshold": 1.0, "terms": {"<": 3.0},
    "classes": {"xss": {"bias": 0.0, "terms": {}}},
}  # fmt: skip
NAME = Model(FORM).hash
ANGLE = "/items?size=%3Csmall"


@cache
def inspector() -> Inspector:
    return Inspector()


def core(*said: tuple[str, str], models: Models | None = None) -> DetectCore:
    made = DetectCore(Settings(), Masker(b"key"), ExchangeView, inspector(), models=models)
    for number, (id_, body) in enumerate(said):
        entry = PolicyEntry(
            id=id_, kind="model", site="", host="", path="", where="", body=body, by="ann",
            at_us=0, removed=False,
        )  # fmt: skip
        made.learn(Event("policy", 0, number, id_.encode(), encode(entry)))
    return made


MODEL = (f"model/{NAME}", canonical(FORM).decode())
ACTIVE = ("model", f'{{"active":"{NAME}"}}')
RULES_ONLY = ("model", '{"active":"rules"}')
SHADOW = ("model", f'{{"active":"rules","shadow":"{NAME}"}}')


def findings(one: DetectCore, target: str) -> tuple[list[Finding], dict[str, int]]:
    changes = run(one, [exchange(target)])
    told = [decode(out.value) for out in changes.outputs if out.topic == "findings" and out.value]
    return told, dict(changes.counts)


def test_an_active_model_opens_findings_that_name_it_and_say_why() -> None:
    (found,), _ = findings(core(MODEL, ACTIVE), ANGLE)
    assert (found.class_, found.rule, found.model) == ("xss", "xss.learned", NAME)
    assert found.evidence[0].why == ("< +3.00",)


def test_a_finding_of_rules_names_the_model_that_was_asked_beside_them() -> None:
    attack = "/items?id=7%27%20UNION%20SELECT%20name%20FROM%20users--"
    (found, *_), _ = findings(core(MODEL, ACTIVE), attack)
    assert (found.rule.partition(".")[2] != "learned", found.model) == (True, NAME)
    (found, *_), counts = findings(core(), attack)
    assert found.model == ""
    assert "shadow_requests" not in counts, "nobody pays for a model that nobody named"


def test_a_shadow_finds_nothing_and_is_counted() -> None:
    told, counts = findings(core(MODEL, SHADOW), ANGLE)
    assert told == []
    assert counts["shadow_gained_xss"] == 1
    assert counts["shadow_requests"] == 1
    assert "shadow_lost_xss" not in counts


def test_what_a_shadow_would_lose_is_counted() -> None:
    told, counts = findings(
        core(MODEL, ("model", f'{{"active":"{NAME}","shadow":"rules"}}')), ANGLE
    )
    assert len(told) == 1
    assert counts["shadow_lost_xss"] == 1


def test_going_back_is_one_entry() -> None:
    one = core(MODEL, ACTIVE, ("model", '{"active":"rules"}'))
    assert findings(one, ANGLE)[0] == []


def test_a_model_that_cannot_be_read_is_rejected_and_changes_nothing() -> None:
    one = core(MODEL, ACTIVE, ("model", '{"active":"0000"}'))
    assert len(one.take().rejected) == 1
    assert findings(one, ANGLE)[0][0].model == NAME


def test_a_replay_is_decided_by_its_own_model_whatever_policy_says(tmp_path: Path) -> None:
    file = tmp_path / "model.json"
    file.write_bytes(canonical(FORM))
    forced = core(RULES_ONLY, models=fixed(named(str(file))))
    assert [one.model for one in findings(forced, ANGLE)[0]] == [NAME]
    rules = core(MODEL, ACTIVE, models=fixed(named("rules")))
    assert findings(rules, ANGLE)[0] == []
    with pytest.raises(ValueError, match="there is no model"):
        service(Settings(model=str(tmp_path / "none")))


def fixed(model: Model | None) -> Models:
    made = Models()
    made.fix(model)
    return made
