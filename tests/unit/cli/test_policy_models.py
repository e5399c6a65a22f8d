"""Which entries put a model to work, and which take it back."""

from pathlib import Path

import orjson
import pytest

from schemas.types import PolicyEntry
from services.cli.policy_models import chosen_by, gone_back, in_force
from services.cli.refusal import RefusedError
from services.detect.model import Model, canonical
from services.detect.models import RULES, Models, shipped

FORM = {
    "form": 1, "bias": 0.0, "threshold": 1.0, "terms": {"<": 3.0},
    "classes": {"xss": {"bias": 0.0, "terms": {}}},
}  # fmt: skip
NAME = Model(FORM).hash


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "model.json"
    path.write_bytes(canonical(FORM))
    return str(path)


def after(entries: dict[str, PolicyEntry], new: list[PolicyEntry]) -> dict[str, PolicyEntry]:
    return entries | {entry.id: entry for entry in new}


def first() -> str:
    model = shipped()
    assert model is not None
    return model.hash


def test_a_files_model_goes_out_by_its_hash_then_is_chosen(file: str) -> None:
    model, choice = chosen_by({}, file, shadow=False)
    assert (model.id, choice.id) == (f"model/{NAME}", "model")
    assert orjson.loads(choice.body) == {"active": NAME, "shadow": "", "before": RULES}
    read = Models()
    for entry in (model, choice):
        read.learn(entry)
    assert read.active is not None
    assert read.active.hash == NAME


def test_a_shadow_leaves_the_active_one(file: str) -> None:
    said = after({}, chosen_by({}, file, shadow=True))
    assert in_force(said)["active"] == RULES
    assert in_force(said)["shadow"] == NAME
    said = after(said, chosen_by(said, NAME, shadow=False))
    assert in_force(said) == {"active": NAME, "shadow": "", "before": RULES}


def test_the_rules_decide_alone_until_somebody_names_the_model_that_ships() -> None:
    assert in_force({}) == {"active": RULES, "shadow": "", "before": ""}
    (choice,) = chosen_by({}, first(), shadow=False)
    assert orjson.loads(choice.body) == {"active": first(), "shadow": "", "before": RULES}


def test_going_back_is_to_the_one_before(file: str) -> None:
    said = after({}, chosen_by({}, file, shadow=False))
    said = after(said, [gone_back(said)])
    assert in_force(said) == {"active": RULES, "shadow": "", "before": NAME}
    with pytest.raises(RefusedError, match="no other model"):
        gone_back({})


def test_what_is_neither_a_hash_nor_a_model_is_refused(tmp_path: Path) -> None:
    broken = tmp_path / "broken.json"
    broken.write_text("{}")
    with pytest.raises(RefusedError, match="no model"):
        chosen_by({}, str(broken), shadow=False)
    with pytest.raises(RefusedError, match="no file"):
        chosen_by({}, "0000", shadow=False)
    (choice,) = chosen_by({}, RULES, shadow=False)
    assert orjson.loads(choice.body)["active"] == RULES
