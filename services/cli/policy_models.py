"""Models on the topic `policy`: activate one by its hash, have one as a shadow, go back.

What is in force stands in the entry `model`: {"active", "shadow", "before"}; a model that did not
ship stands in the entry `model/HASH`. services/detect/models.py reads them.
"""

from collections.abc import Mapping
from pathlib import Path

import orjson

from schemas.types import PolicyEntry
from services.cli.refusal import RefusedError, os_reason
from services.detect.models import CHOICE, RULES, loaded, shipped


def chosen_by(entries: Mapping[str, PolicyEntry], given: str, *, shadow: bool) -> list[PolicyEntry]:
    """The entries that put a model to work: a file's, or one by its hash.

    Raises RefusedError where there is none of that name.
    """
    new: list[PolicyEntry] = []
    name = given
    if given != RULES and not _known(entries, given):
        new, name = _from_file(given)
    now = in_force(entries)
    if shadow:
        body = {**now, "shadow": name}
    else:
        kept = now["shadow"] if now["shadow"] != name else ""
        body = {"active": name, "shadow": kept, "before": now["active"]}
    return [*new, _entry(CHOICE, orjson.dumps(body).decode())]


def gone_back(entries: Mapping[str, PolicyEntry]) -> PolicyEntry:
    """The entry that makes active what was active before, without a shadow."""
    now = in_force(entries)
    if not now["before"]:
        raise RefusedError("no other model was active before.")
    body = {"active": now["before"], "shadow": "", "before": now["active"]}
    return _entry(CHOICE, orjson.dumps(body).decode())


def in_force(entries: Mapping[str, PolicyEntry]) -> dict[str, str]:
    """What is active, the shadow beside it and what was active before; empty: none."""
    body = {"active": RULES, "shadow": "", "before": ""}
    entry = entries.get(CHOICE)
    if entry is not None:
        try:
            said = orjson.loads(entry.body or "{}")
        except orjson.JSONDecodeError as error:
            raise RefusedError(f"the entry {CHOICE!r} is no JSON: remove it first.") from error
        body |= {name: str(said[name]) for name in body if said.get(name)}
    return body


def _known(entries: Mapping[str, PolicyEntry], name: str) -> bool:
    first = shipped()
    return f"{CHOICE}/{name}" in entries or (first is not None and name == first.hash)


def _from_file(given: str) -> tuple[list[PolicyEntry], str]:
    try:
        data = Path(given).read_bytes()
    except OSError as error:
        raise RefusedError(
            f"there is no model {given!r}, and no file of a model: {os_reason(error)}."
        ) from error
    try:
        model = loaded(data)
    except ValueError as error:
        raise RefusedError(f"{given} is no model: {error}.") from error
    return [_entry(f"{CHOICE}/{model.hash}", model.text)], model.hash


def _entry(id_: str, body: str) -> PolicyEntry:
    return PolicyEntry(
        id=id_, kind="model", site="", host="", path="", where="", body=body, by="", at_us=0,
        removed=False,
    )  # fmt: skip
