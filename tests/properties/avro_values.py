"""Hypothesis strategies made from .avsc files: any value that a schema allows."""

from typing import Any

from hypothesis import strategies as st

_PLAIN: dict[str, st.SearchStrategy[Any]] = {
    "null": st.none(),
    "boolean": st.booleans(),
    "int": st.integers(-(2**31), 2**31 - 1),
    "long": st.integers(-(2**63), 2**63 - 1),
    "double": st.floats(allow_nan=False),
    "string": st.text(st.characters(exclude_categories=["Cs"]), max_size=12),
    "bytes": st.binary(max_size=12),
}
ITEMS_MAX = 3


def values(kind: Any, named: dict[str, Any] | None = None) -> st.SearchStrategy[Any]:
    """Values of a parsed schema in fastavro's form."""
    named = {} if named is None else named
    if isinstance(kind, list):
        return st.one_of([values(branch, named) for branch in kind])
    if isinstance(kind, str):
        return _PLAIN[kind] if kind in _PLAIN else values(named[kind], named)
    if kind["type"] == "array":
        return st.lists(values(kind["items"], named), max_size=ITEMS_MAX)
    if kind["type"] == "map":
        return st.dictionaries(_PLAIN["string"], values(kind["values"], named), max_size=ITEMS_MAX)
    named[kind["name"]] = kind
    if kind["type"] == "enum":
        return st.sampled_from(kind["symbols"])
    return st.fixed_dictionaries({f["name"]: values(f["type"], named) for f in kind["fields"]})
