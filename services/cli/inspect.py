"""`sidetap inspect`: requests given as JSON lines to verdicts."""

import gzip
import io
import sys
from collections.abc import Iterable, Iterator
from contextlib import closing
from typing import Annotated, Any

import typer
import zstandard

from services.cli.output import Format, JsonLines, Progress, chosen, print_people, table
from services.cli.refusal import RefusedError, os_reason

ZSTD, GZIP = b"\x28\xb5\x2f\xfd", b"\x1f\x8b"
STDIN = "-"
LINES_A_FLUSH = 64
ROWS_MAX = 10_000


def register(application: typer.Typer, name: str) -> None:
    """Add the subcommand."""
    application.command(name)(inspect)


def inspect(
    files: Annotated[
        list[str], typer.Argument(metavar="FILE…", help="JSON lines, zstd or gzip of them, or -.")
    ],
    said: Annotated[Format | None, typer.Option("--format", help="jsonl or table.")] = None,
) -> None:
    """Judge requests given as JSON lines.

    Takes {"id", "request_b64"[, "response_b64"]} a line. Answers with {"id", "attack", "score",
    "model", "classes", "matches", "vulnerabilities"} a line, in the same order. A line that cannot
    be read is answered with its error; then exit code 2.

    \b
    Examples:
      sidetap inspect requests.jsonl.zst > verdicts.jsonl
      echo '{"id":"1","request_b64":"R0VUIC8gSFRUUC8xLjENCg0K"}' | sidetap inspect -
    """
    from services.detect.inspect import LINE_BYTES_MAX, inspect_lines

    verdicts = inspect_lines(lines_of(files, LINE_BYTES_MAX))
    wrong = _as_lines(verdicts, live=STDIN in files) if chosen(said) is Format.jsonl else _as_table(
        verdicts
    )  # fmt: skip
    if wrong:
        raise RefusedError(f"{wrong} lines could not be read; their answers say why.")


def lines_of(files: Iterable[str], bytes_max: int) -> Iterator[bytes]:
    """Every line of every file; of one that is too long only `bytes_max`.

    Raises RefusedError where one cannot be read.
    """
    for file in files:
        try:
            with closing(_unpacked(file)) as lines:
                while line := lines.readline(bytes_max):
                    yield line
                    while len(line) == bytes_max and not line.endswith(b"\n"):
                        line = lines.readline(bytes_max)
        except OSError as error:
            raise RefusedError(f"{file}: {os_reason(error)}.") from error
        except (zstandard.ZstdError, EOFError) as error:
            raise RefusedError(f"{file}: its compression is damaged: {error}.") from error


def _unpacked(file: str) -> io.BufferedReader | gzip.GzipFile:
    raw = sys.stdin.buffer if file == STDIN else open(file, "rb")  # noqa: SIM115, PTH123 (closed above)
    assert isinstance(raw, io.BufferedReader)
    magic = raw.peek(4)[:4]
    if magic == ZSTD:
        stream = zstandard.ZstdDecompressor().stream_reader(raw, read_across_frames=True)
        return io.BufferedReader(stream, LINES_A_FLUSH * 1024)
    if magic.startswith(GZIP):
        return gzip.open(raw)
    return raw


def _as_lines(verdicts: Iterable[dict[str, Any]], *, live: bool) -> int:
    lines, progress, wrong = JsonLines(), Progress("requests"), 0
    for number, verdict in enumerate(verdicts, 1):
        progress.add(1)
        wrong += "error" in verdict
        lines.write(verdict)
        if live or number % LINES_A_FLUSH == 0:
            lines.flush()
    lines.flush()
    progress.end()
    return wrong


def _as_table(verdicts: Iterable[dict[str, Any]]) -> int:
    rows: list[tuple[object, ...]] = []
    wrong = attacks = seen = 0
    for verdict in verdicts:
        seen += 1
        wrong += "error" in verdict
        attacks += bool(verdict.get("attack"))
        if len(rows) < ROWS_MAX and (verdict.get("attack") or "error" in verdict):
            rows.append(_row(verdict))
    title = f"{attacks} attacks in {seen} requests"
    print_people(table(title, ("id", "score#", "classes", "where", "value"), rows))
    return wrong


def _row(verdict: dict[str, Any]) -> tuple[object, ...]:
    if "error" in verdict:
        return (verdict["id"], "", "unreadable", "", verdict["error"])
    first = verdict["matches"][0] if verdict["matches"] else {"where": "", "value": ""}
    score, classes = f"{verdict['score']:.2f}", ", ".join(verdict["classes"])
    return (verdict["id"], score, classes, first["where"], first["value"])
