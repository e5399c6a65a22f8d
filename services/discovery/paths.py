"""Request targets to path templates.

In:     a request target as sent.
Out:    the template, the values in its variables by segment, the query.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import unquote_to_bytes

from services.discovery.segments import STRING, label

# A deeper path is a value with slashes in it, or an attack.
SEGMENTS_MAX = 16
PATH_BYTES_MAX = 2_048
# Paths met again soon; some 500 bytes each.
REMEMBERED_MAX = 32_768
# Files that pages consist of: one operation for each folder and extension.
ASSET = re.compile(
    rb"\.(?:js|mjs|css|map|png|jpe?g|gif|svg|ico|webp|avif|bmp|woff2?|ttf|otf|eot|mp[34]|webm|ogg"
    rb"|wasm)$",
    re.I,
)
YEAR, MONTH, DAY = re.compile(r"(?:19|20)\d\d"), re.compile(r"[01]\d"), re.compile(r"[0-3]\d")


@dataclass(frozen=True, slots=True)
class Path:
    """A path as the inventory sees it; `values` are (index of the segment, text)."""

    template: str
    values: tuple[tuple[int, str], ...] = ()
    asset: bool = False


def split(target: bytes) -> tuple[bytes, bytes]:
    """Path and query of a target, whatever its form; the fragment and the host are left out."""
    if not target.startswith(b"/"):
        _, separator, rest = target.partition(b"://")
        if separator:
            target = b"/" + rest.partition(b"/")[2]
    path, _, query = target.partition(b"#")[0].partition(b"?")
    return path, query


@lru_cache(REMEMBERED_MAX)
def path_of(path: bytes) -> Path:
    """The template of a path without its query.

    Empty segments inside are left out, as servers do; one at the end stays: /users/ and /users
    may differ. `;` parameters go.
    """
    if len(path) > PATH_BYTES_MAX:
        return Path(f"/{STRING}")
    raw = [segment.partition(b";")[0] for segment in path.strip(b"/").split(b"/") if segment]
    if len(raw) > SEGMENTS_MAX:
        raw, deep = raw[: SEGMENTS_MAX - 1], True
    else:
        deep = False
    labels = [label(segment) for segment in raw]
    asset = bool(raw) and not deep and bool(ASSET.search(raw[-1]))
    if asset:
        labels[-1] = "{file}" + raw[-1][raw[-1].rindex(b".") :].decode().lower()
    _name_days(labels, raw)
    if deep:
        labels.append(STRING)
    values = tuple(
        [
            (i, unquote_to_bytes(segment).decode("utf-8", "replace"))
            for i, segment in enumerate(raw)
            if labels[i][:1] == "{" and not labels[i].startswith("{file}")
        ]
    )
    end = "/" if labels and path.endswith(b"/") else ""
    return Path("/" + "/".join(labels) + end, values, asset)


def _name_days(labels: list[str], raw: list[bytes]) -> None:
    """/2026/11/23 is a date in three segments, not three ids."""
    for i in range(len(labels) - 1):
        if labels[i] != "{id}" or labels[i + 1] != "{id}":
            continue
        year, month = raw[i].decode(), raw[i + 1].decode()
        if YEAR.fullmatch(year) and MONTH.fullmatch(month):
            labels[i : i + 2] = ["{year}", "{month}"]
            if (
                i + 2 < len(labels)
                and labels[i + 2] == "{id}"
                and DAY.fullmatch(raw[i + 2].decode())
            ):
                labels[i + 2] = "{day}"
