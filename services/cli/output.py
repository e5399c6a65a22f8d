"""Where a command's words go: JSON lines or tables to stdout, everything else to stderr."""

import contextlib
import os
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NoReturn

import orjson
import typer

from services.cli.safe_text import shown

if TYPE_CHECKING:
    from rich.console import Console, JustifyMethod, RenderableType
    from rich.table import Table

PROGRESS_S = 0.5
# C1 controls are valid JSON and UTF-8, yet steer some terminals.
C1 = tuple((f"\\u{point:04x}".encode(), chr(point).encode()) for point in range(0x7F, 0xA0))


class Format(StrEnum):
    """How results are written."""

    jsonl = "jsonl"
    table = "table"


def chosen(said: Format | None) -> Format:
    """What was asked for; else a table on a terminal and JSON lines for a machine."""
    return said or (Format.table if sys.stdout.isatty() else Format.jsonl)


def say(sentence: str) -> None:
    """One line for the person, on stderr; a closed terminal must not keep us from cleaning up."""
    with contextlib.suppress(OSError):
        print(sentence, file=sys.stderr, flush=True)


class Progress:
    """A count on stderr that renews itself, where a person waits and results go elsewhere."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._shown = sys.stderr.isatty() and not sys.stdout.isatty()
        self._count = 0
        self._next_s = time.monotonic() + PROGRESS_S

    def add(self, count: int) -> None:
        """So many more."""
        self._count += count
        if self._shown and time.monotonic() >= self._next_s:
            self._next_s += PROGRESS_S
            print(f"\r{self._count:,} {self._what} …", end="", file=sys.stderr, flush=True)

    def end(self) -> None:
        """Leave a clean line."""
        if self._shown:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)


class JsonLines:
    """Objects to stdout, one a line; `flush` after each batch keeps the stream alive."""

    def __init__(self) -> None:
        self._out = sys.stdout.buffer
        self._to_terminal = sys.stdout.isatty()

    def write(self, value: Mapping[str, Any]) -> None:
        """One object."""
        line = orjson.dumps(value)
        if self._to_terminal:
            for escape, raw in C1:
                line = line.replace(raw, escape)
        try:
            self._out.write(line + b"\n")
        except BrokenPipeError:
            _reader_gone()

    def flush(self) -> None:
        """Hand over what is buffered."""
        try:
            self._out.flush()
        except BrokenPipeError:
            _reader_gone()


def _reader_gone() -> NoReturn:
    """`sidetap read x | head`: nobody reads on, which is no failure of ours."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    raise typer.Exit(0)


# A time, an id or a name of a class.
WHOLE_CHARACTERS_MAX = 20


def print_json(values: Iterable[Mapping[str, Any]]) -> None:
    """Objects to stdout, one a line."""
    lines = JsonLines()
    for value in values:
        lines.write(value)
    lines.flush()


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> "Table":
    """A table of plain text: what looks like markup or a control character is only shown.

    A column whose name ends in "#" is aligned to the right. Where the screen is narrow, columns of
    short cells (times, ids, counts) stay whole and the others fold.
    """
    from rich import box
    from rich.table import Table
    from rich.text import Text

    made = Table(title=title, box=box.SIMPLE_HEAD, title_justify="left", title_style="bold")
    lines = [[shown(str(cell)) for cell in row] for row in rows]
    for number, column in enumerate(columns):
        name = column.removesuffix("#").strip()
        longest = max(len(name), *(len(line[number]) for line in lines), 0)
        short = longest if longest <= WHOLE_CHARACTERS_MAX else None
        justify: JustifyMethod = "right" if column.endswith("#") else "left"
        made.add_column(name, justify=justify, overflow="fold", min_width=short)
    for line in lines:
        made.add_row(*map(Text, line))
    return made


def screen() -> "Console":
    """Results for people: stdout. What is not a terminal gets 120 columns and no colour."""
    from rich.console import Console

    width = None if sys.stdout.isatty() else 120
    return Console(width=width, highlight=False, markup=False, emoji=False)


def print_people(*parts: "RenderableType") -> None:
    """Tables and lines for people, to stdout."""
    console = screen()
    for part in parts:
        console.print(part)
