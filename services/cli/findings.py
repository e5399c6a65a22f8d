"""`sidetap findings`: what was found."""

import time
from collections.abc import Iterable
from typing import Annotated

import typer

from schemas.types import Finding
from services.cli import found
from services.cli.broker import KafkaOption, client, records
from services.cli.json_forms import finding_form
from services.cli.moments import moment_us
from services.cli.output import Format, JsonLines, chosen, print_json, print_people, say, table
from services.cli.safe_text import shown

ROWS_MAX = 200  # More than anybody reads in a terminal; JSON lines give all.


def register(application: typer.Typer, name: str) -> None:
    """Add the subcommand."""
    application.command(name)(findings)


def findings(
    follow: Annotated[bool, typer.Option("--follow", help="Go on with what is found now.")] = False,
    class_: Annotated[
        str | None, typer.Option("--class", metavar="C", help="Only this class, e.g. sqli.")
    ] = None,
    client_: Annotated[
        str | None, typer.Option("--client", metavar="A", help="Only this client's address.")
    ] = None,
    host: Annotated[str | None, typer.Option("--host", metavar="H", help="Only this host.")] = None,
    since: Annotated[
        str | None,
        typer.Option("--since", metavar="T", help="Since 2026-11-22T20:00:00Z or for 10m, 2h, 7d."),
    ] = None,
    kafka: KafkaOption = None,
    said: Annotated[Format | None, typer.Option("--format", help="jsonl or table.")] = None,
) -> None:
    """What was found.

    Attacks, forced browsing, vulnerabilities, API changes: the last revision of each finding,
    oldest first; with --follow each revision as it comes.

    \b
    Examples:
      sidetap findings --class sqli --since 1h
      sidetap findings --follow --format jsonl
    """
    since_us = moment_us(since, time.time_ns() // 1_000) if since else None
    wanted = found.Wanted(class_=class_, client=client_, host=host, since_us=since_us)
    read = found.decoded(records(client(kafka), "findings", follow=follow))
    matching = (finding for finding in read if wanted.holds(finding))
    if follow:
        _follow(matching, chosen(said))
    else:
        _list(matching, chosen(said))


def _list(matching: Iterable[Finding], format_: Format) -> None:
    latest = found.Latest()
    for finding in matching:
        latest.add(finding)
    everything = latest.all()
    if latest.left_out:
        say(f"sidetap: the oldest {latest.left_out} are left out; narrow it down with --since.")
    if format_ is Format.jsonl:
        print_json(finding_form(finding) for finding in everything)
        return
    rows = [found.row(finding) for finding in everything[-ROWS_MAX:]]
    title = f"{len(everything)} findings"
    if len(rows) < len(everything):
        title += f", the last {len(rows)} of them"
    print_people(table(title, found.COLUMNS, rows))


def _follow(matching: Iterable[Finding], format_: Format) -> None:
    lines = JsonLines()
    for finding in matching:
        if format_ is Format.jsonl:
            lines.write(finding_form(finding))
            lines.flush()
        else:
            cells = [shown(str(cell)) for cell in found.row(finding)]
            print("  ".join([*cells, finding.state]), flush=True)
