"""Patterns with `*` and `?` over hosts, paths and header values."""

import fnmatch
import re
from collections.abc import Iterable
from urllib.parse import unquote_to_bytes

# Servers and the proxies before them decode once each; more rounds are seen in attacks only.
DECODING_ROUNDS_MAX = 3
_AUTHORITY = re.compile(rb"[A-Za-z][A-Za-z0-9+.-]*://[^/?#]*")


class Patterns:
    """Several patterns of which one must match. No pattern matches nothing."""

    def __init__(self, patterns: Iterable[str], *, any_case: bool = False) -> None:
        joined = "|".join(f"(?:{fnmatch.translate(pattern)})" for pattern in patterns)
        self._found = re.compile(joined, re.I if any_case else 0).match if joined else None

    def __bool__(self) -> bool:
        return self._found is not None

    def match(self, text: str) -> bool:
        """Whether a pattern fits the whole text."""
        return self._found is not None and self._found(text) is not None


def path_of(target: bytes) -> str:
    """The path of a request target as a server would understand it, for rules to match.

    Percent codes are decoded, backslashes and repeated slashes are one slash, dot segments are
    resolved: `/static/..%2fadmin` is `/admin`, so it does not pass under a rule for `/static/*`.
    """
    authority = _AUTHORITY.match(target)
    path = re.split(rb"[?#]", target[authority.end() if authority else 0 :], maxsplit=1)[0]
    for _ in range(DECODING_ROUNDS_MAX):
        if b"%" not in path:
            break
        path = unquote_to_bytes(path)
    text = path.decode("utf-8", "surrogateescape").replace("\\", "/")
    return _resolved(text) if "/." in text or "//" in text else text or "/"


def _resolved(path: str) -> str:
    kept: list[str] = []
    segments = path.split("/")
    for segment in segments:
        bare = segment.partition(";")[0]  # `..;x` is `..` to servlet containers.
        if bare == "..":
            del kept[-1:]
        elif bare not in ("", "."):
            kept.append(segment)
    directory = segments[-1].partition(";")[0] in ("", ".", "..") and kept
    return "/" + "/".join(kept) + ("/" if directory else "")
