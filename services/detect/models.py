"""Which model decides beside the rules: none, until `policy` names one by its hash.

In:     PolicyEntry records of kind "model".
Out:    the active model and the shadow beside it.
Keeps:  the models that came through `policy`, by hash.

An entry `model/HASH` holds a model. The entry `model` says which is active and which is shadow:
`{"active": "HASH", "shadow": "HASH"}`; "rules" is no model, where the rules decide alone. Without
the entry they do, without a shadow; the model that ships is known by its hash. Only the newest of
each counts.
"""

from functools import cache
from pathlib import Path

import orjson

from schemas.types import PolicyEntry
from services.detect.model import Model

RULES = "rules"
CHOICE = "model"
SHIPPED = Path(__file__).with_name("model.json")
# A model is some 200 KB; more than that many beside each other, and nobody knows which is which.
MODELS_MAX = 32


@cache
def shipped() -> Model | None:
    """The model that came with the code; None: it has none, and the rules decide alone."""
    return loaded(SHIPPED.read_bytes()) if SHIPPED.exists() else None


def loaded(data: bytes) -> Model:
    """A model from its JSON. Raises ValueError, in one sentence, where it is none."""
    try:
        form = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise ValueError(f"not JSON: {error}") from error
    if not isinstance(form, dict):
        raise ValueError("not a JSON object")
    return Model(form)


def named(name: str) -> "Model | None":
    """The model of a file; None for "rules". Raises ValueError, in one sentence, without one."""
    if name == RULES:
        return None
    try:
        return loaded(Path(name).read_bytes())
    except OSError as error:
        raise ValueError(f"there is no model {name!r}: {error.strerror}") from error


class Models:
    """Of one partition: each reads `policy` by itself."""

    def __init__(self) -> None:
        self._free = True
        first = shipped()
        self._known: dict[str, Model | None] = {RULES: None}
        if first is not None:
            self._known[first.hash] = first
        self.active: Model | None = None
        self.shadow: Model | None = None
        self.shadowed = False
        """Whether a shadow is asked: one may be "rules", which is no model."""

    def fix(self, model: Model | None) -> None:
        """Have this one decide, or the rules alone, whatever `policy` says."""
        self.active, self._free = model, False

    def learn(self, entry: PolicyEntry) -> None:
        """Take in one entry.

        Raises ValueError, in one sentence, where it is no model, names one that is not there, or
        there are too many; what was in force before stays so.
        """
        if entry.kind != "model":
            return
        if entry.id == CHOICE:
            if self._free:
                self._choose(entry)
        elif entry.removed:
            self._forget(entry.id.removeprefix(f"{CHOICE}/"))
        else:
            self._add(entry)

    def _add(self, entry: PolicyEntry) -> None:
        model = Model(parsed(entry))
        if entry.id != f"{CHOICE}/{model.hash}":
            raise ValueError(f"{entry.id}: the model's hash is {model.hash}")
        if model.hash not in self._known and len(self._known) >= MODELS_MAX:
            raise ValueError(f"{entry.id}: there are {MODELS_MAX} models already")
        self._known.setdefault(model.hash, model)

    def _forget(self, name: str) -> None:
        built_in = shipped()
        model = self._known.get(name)
        if model is not None and model not in (self.active, self.shadow, built_in):
            del self._known[name]

    def _choose(self, entry: PolicyEntry) -> None:
        body = {} if entry.removed else parsed(entry)
        active = str(body.get("active", RULES))
        shadow = str(body.get("shadow", ""))
        for name in filter(None, (active, shadow)):
            if name not in self._known:
                raise ValueError(f"{entry.id}: there is no model {name}")
        self.active = self._known[active]
        self.shadowed = bool(shadow) and shadow != active
        self.shadow = self._known[shadow] if self.shadowed else None


def parsed(entry: PolicyEntry) -> dict[str, object]:
    """The entry's body. Raises ValueError where it is no JSON object."""
    try:
        body = orjson.loads(entry.body or "{}")
    except orjson.JSONDecodeError as error:
        raise ValueError(f"{entry.id}: its body is no JSON") from error
    if not isinstance(body, dict):
        raise ValueError(f"{entry.id}: its body is no JSON object")
    return body
