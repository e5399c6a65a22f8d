"""`sidetap endpoints`: the API inventory."""

import csv
import sys
from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import Annotated

import orjson
import typer

from schemas.types import Endpoint
from services.cli.broker import KafkaOption, client, records
from services.cli.inventory import latest, statuses, table_of
from services.cli.json_forms import endpoint_form
from services.cli.moments import iso
from services.cli.openapi import document
from services.cli.output import Format, chosen, print_json, print_people
from services.cli.refusal import RefusedError

CSV_COLUMNS = (
    "host", "method", "template", "protocol", "operation", "admitted", "parameters", "statuses",
    "auth", "sensitive", "risk", "tags", "first_at", "last_at", "count",
)  # fmt: skip


class Export(StrEnum):
    """Forms for other tools."""

    openapi = "openapi"
    csv = "csv"


def register(application: typer.Typer, name: str) -> None:
    """Add the subcommand."""
    application.command(name)(endpoints)


def endpoints(
    host: Annotated[str | None, typer.Option("--host", metavar="H", help="Only this host.")] = None,
    export: Annotated[
        Export | None, typer.Option("--export", help="openapi (3.1, JSON) or csv, to stdout.")
    ] = None,
    kafka: KafkaOption = None,
    said: Annotated[Format | None, typer.Option("--format", help="jsonl or table.")] = None,
) -> None:
    """The API inventory.

    Every operation of every API, as seen in the traffic.

    \b
    Examples:
      sidetap endpoints --host shop.demo
      sidetap endpoints --export openapi > openapi.json
    """
    if export and said:
        raise RefusedError("give --export or --format, not both.")
    known = latest(records(client(kafka), "endpoints"))
    kept = [e for e in known if host is None or e.host == host.lower()]
    if export is Export.openapi:
        sys.stdout.buffer.write(orjson.dumps(document(kept), option=orjson.OPT_INDENT_2) + b"\n")
    elif export is Export.csv:
        _write_csv(kept)
    elif chosen(said) is Format.jsonl:
        print_json(endpoint_form(endpoint) for endpoint in kept)
    else:
        print_people(table_of(kept))


def _write_csv(known: Iterable[Endpoint]) -> None:
    writer = csv.writer(sys.stdout)
    writer.writerow(CSV_COLUMNS)
    writer.writerows(_csv_rows(known))


def _csv_rows(known: Iterable[Endpoint]) -> Iterator[list[object]]:
    for e in known:
        parameters = " ".join(f"{p.place}:{p.name}" for p in e.parameters)
        cells: list[object] = [
            e.host, e.method, e.template, e.protocol, e.operation or "", e.admitted, parameters,
            statuses(e), " ".join(use.kind for use in e.auth), " ".join(e.sensitive),
            e.risk.score if e.risk else "", " ".join(e.tags), iso(e.first_us), iso(e.last_us),
            e.count,
        ]  # fmt: skip
        yield [_plain(cell) for cell in cells]


def _plain(cell: object) -> object:
    """A spreadsheet must not run what an attacker sent as a path (CSV injection, CWE-1236)."""
    dangerous = isinstance(cell, str) and cell.startswith(("=", "+", "-", "@", "\t", "\r"))
    return f"'{cell}" if dangerous else cell
