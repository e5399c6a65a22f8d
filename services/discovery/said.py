"""What people said of templates: under which one paths stand, whatever traffic says.

In:     PolicyEntry records of kind "template".
Out:    for a template as it was learned, the one under which it stands.
Keeps:  the entries by id.

The entry's scope is site and host (empty: everywhere); its body is JSON. `{"pin":
"/users/{login}"}`: whatever fits it stands under it, with what follows: so it pins a name
(/users/export), merges names under a variable and gives the variable its name; words that are no
values (me, search, v2) stay. `{"split": "/users/{name}"}`: names at the last place stay names. Of
several that fit the longest counts, then the one with most names.
"""

import re
from dataclasses import dataclass

import orjson

from schemas.types import PolicyEntry
from services.discovery.segments import label
from services.discovery.siblings import Segments, is_name, segments

KIND = "template"
# Beyond it something writes policy that is no person.
ENTRIES_MAX = 10_000
SEGMENTS_MAX = 16
VARIABLE = re.compile(r"\{[A-Za-z][A-Za-z_]{0,31}\}")


@dataclass(frozen=True, slots=True)
class Template:
    """One entry, checked."""

    site: str
    host: str
    segments: Segments
    split: bool

    @property
    def weight(self) -> tuple[int, int, Segments]:
        """What counts first."""
        names = sum(not VARIABLE.fullmatch(segment) for segment in self.segments)
        return len(self.segments), names, self.segments

    def fits(self, path: Segments) -> bool:
        """Whether a path as it was seen begins so. Words that are no values (me, v2) stay."""
        return len(path) >= len(self.segments) and all(
            mine == theirs or (VARIABLE.fullmatch(mine) and _is_value(theirs))
            for mine, theirs in zip(self.segments, path, strict=False)
        )

    def stands(self, seen: Segments, learned: Segments) -> Segments:
        """Where a path stands."""
        last = len(self.segments) - 1
        if not self.split:
            return self.segments + learned[last + 1 :]
        if is_name(seen[last]):
            return (*learned[:last], seen[last], *learned[last + 1 :])
        return learned


class Said:
    """All entries in force."""

    def __init__(self) -> None:
        self._entries: dict[str, Template] = {}

    def __bool__(self) -> bool:
        return bool(self._entries)

    def learn(self, entry: PolicyEntry) -> bool:
        """Take in one entry; a later one of the same id replaces it. True: something may change.

        Raises ValueError, in one sentence, where its body is of no known form or there are too
        many; what was in force before stays so.
        """
        if entry.kind != KIND:
            return False
        if entry.removed:
            return self._entries.pop(entry.id, None) is not None
        if entry.id not in self._entries and len(self._entries) >= ENTRIES_MAX:
            raise ValueError(f"template {entry.id}: there are {ENTRIES_MAX} already")
        self._entries[entry.id] = parsed(entry)
        return True

    def at(self, site: str, host: str) -> list[Template]:
        """Those that speak of a host, in the order in which they count."""
        here = (
            one
            for one in self._entries.values()
            if one.site in ("", site) and one.host in ("", host)
        )
        return sorted(here, key=lambda one: one.weight, reverse=True)


def told(here: list[Template], seen: str, learned: str) -> str:
    """Under which template one stands that was seen, and learned to stand, so."""
    path = segments(seen)
    for one in here:
        if one.fits(path):
            return "/" + "/".join(one.stands(path, segments(learned)))
    return learned


def _is_value(segment: str) -> bool:
    return is_name(segment) or VARIABLE.fullmatch(segment) is not None


def parsed(entry: PolicyEntry) -> Template:
    """The entry's scope and body. Raises ValueError where the body is of no known form."""
    try:
        body = orjson.loads(entry.body)
    except orjson.JSONDecodeError as error:
        raise ValueError(f"template {entry.id}: its body is no JSON") from error
    if not isinstance(body, dict) or len(body) != 1 or not body.keys() <= {"pin", "split"}:
        raise ValueError(f'template {entry.id}: its body is not {{"pin": …}} or {{"split": …}}')
    ((verb, text),) = body.items()
    return Template(entry.site, entry.host, checked(text, split=verb == "split"), verb == "split")


def checked(text: object, *, split: bool) -> Segments:
    """The segments of a template that a person may say. Raises ValueError where it is none."""
    if not isinstance(text, str) or not text.startswith("/") or text == "/":
        raise ValueError(f"{str(text)[:100]!r} is no path template: it is like /users/{{login}}")
    path = segments(text)
    if len(path) > SEGMENTS_MAX:
        raise ValueError(f"a path template has at most {SEGMENTS_MAX} segments")
    for segment in path:
        if not VARIABLE.fullmatch(segment) and label(segment.encode()) != segment:
            raise ValueError(f"{segment[:100]!r} is a value: say {{variable}} in its place")
    if split and not VARIABLE.fullmatch(path[-1]):
        raise ValueError("what is to be split ends in a variable: /users/{name}")
    return path
