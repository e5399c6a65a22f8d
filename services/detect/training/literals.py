"""Texts that are always at hand: the string literals of Python's library and of what trains.

In:   nothing.
Out:  values: messages, formats, patterns, paths, pieces of code, SQL and HTML, as programs hold
      them, and the lines of their documentation.

Programmers post, search and configure such things; the licences (PSF, BSD, MIT) let anybody use
them.
"""

import ast
import sysconfig
import zlib
from collections.abc import Iterator
from pathlib import Path

LITERAL_CHARACTERS_MIN, LITERAL_CHARACTERS_MAX = 3, 300
# Tests hold attacks on parsers, by intention.
LEFT_OUT = {
    "test",
    "tests",
    "testing",
    "idlelib",
    "lib2to3",
    "encodings",
    "site-packages",
    "turtledemo",
}
# What stands in the lock for training, and its neighbours: NumPy and scikit-learn are under
# BSD-3, Pygments BSD-2, Rich and Typer MIT.
PACKAGES = ("numpy", "pygments", "rich", "sklearn", "typer")
# One in so many, by content: more of the same kind adds time and little else.
ONE_IN = 2


def literal_values() -> Iterator[bytes]:
    """Each literal or line of one once, in order of the files' names."""
    paths = sysconfig.get_paths()
    folders = [Path(paths["stdlib"]), *(Path(paths["purelib"]) / name for name in PACKAGES)]
    seen: set[str] = set()
    for folder in folders:
        for path in sorted(folder.rglob("*.py")):
            if LEFT_OUT.intersection(path.relative_to(folder).parts):
                continue
            for text in _literals(path):
                if text not in seen:
                    seen.add(text)
                    value = text.encode("utf-8", "surrogatepass")
                    if zlib.crc32(value) % ONE_IN == 0:
                        yield value


def _literals(path: Path) -> Iterator[str]:
    try:
        tree = ast.parse(path.read_bytes())
    except (SyntaxError, ValueError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            whole = node.value
            for text in (whole,) if len(whole) <= LITERAL_CHARACTERS_MAX else whole.splitlines():
                if LITERAL_CHARACTERS_MIN <= len(text.strip()) <= LITERAL_CHARACTERS_MAX:
                    yield text.strip(" ")
