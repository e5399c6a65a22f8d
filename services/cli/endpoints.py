"""`sidetap endpoints`: the API inventory."""

import csv
import sys
import time
from collections.abc import Iterable, Iterator
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer

from schemas.types import Endpoint
from services.cli import api_changes, stored
from services.cli.broker import KafkaOption, client, records
from services.cli.descriptions.compared import compared, show
from services.cli.inventory import in_order, latest, statuses, table_of
from services.cli.json_forms import endpoint_form
from services.cli.moments import iso, moment_us
from services.cli.openapi import document
from services.cli.output import Format, chosen, print_json, print_people
from services.cli.refusal import RefusedError, os_reason
from services.discovery.settings import Settings
from services.discovery.wanted import Wanted
from services.runtime.settings import load

CSV_COLUMNS = (
    "host", "method", "template", "protocol", "operation", "admitted", "parameters", "statuses",
    "auth", "sensitive", "risk", "tags", "first_at", "last_at", "count",
)  # fmt: skip


MethodOption = Annotated[
    str | None, typer.Option("--method", metavar="M", help="Only this method.")
]
SensitiveOption = Annotated[
    str | None, typer.Option("--sensitive", metavar="K", help="Only with this kind: card.")
]
UnauthenticatedOption = Annotated[
    bool, typer.Option("--unauthenticated", help="Only what works without saying who asks.")
]
RiskOption = Annotated[
    int | None, typer.Option("--risk", metavar="N", min=1, max=10, help="At least this.")
]
CompareOption = Annotated[
    Path | None, typer.Option("--compare", metavar="SPEC", help="Against OpenAPI 3 or Swagger 2.")
]
PreviousOption = Annotated[
    Path | None,
    typer.Option("--previous", metavar="SPEC", help="The one before: what is gone from it."),
]


class Export(StrEnum):
    """Forms for other tools."""

    openapi = "openapi"
    csv = "csv"


SinceOption = Annotated[
    str | None,
    typer.Option("--since", metavar="T", help="What changed since: 2026-11-22T20:00Z, 7d."),
]
SourceOption = Annotated[
    str | None,
    typer.Option("--from", metavar="FILE", help="JSON lines of `read`, or -, not Kafka."),
]
ExportOption = Annotated[
    Export | None, typer.Option("--export", help="openapi (3.1, JSON) or csv, to stdout.")
]


def register(application: typer.Typer, name: str) -> None:
    """Add the subcommand."""
    application.command(name)(endpoints)


def endpoints(
    host: Annotated[str | None, typer.Option("--host", metavar="H", help="Only this host.")] = None,
    export: ExportOption = None,
    method: MethodOption = None,
    sensitive: SensitiveOption = None,
    unauthenticated: UnauthenticatedOption = False,
    risk: RiskOption = None,
    compare: CompareOption = None,
    previous: PreviousOption = None,
    since: SinceOption = None,
    source: SourceOption = None,
    kafka: KafkaOption = None,
    said: Annotated[Format | None, typer.Option("--format", help="jsonl or table.")] = None,
) -> None:
    """The API inventory.

    Every operation of every API, as seen in the traffic.

    \b
    Examples:
      sidetap endpoints --host shop.demo
      sidetap endpoints --unauthenticated --sensitive card --risk 7
      sidetap endpoints --export openapi > openapi.json
      sidetap endpoints --since 7d
      sidetap endpoints --compare openapi.yaml
      sidetap read day.pcap --emit endpoints | sidetap endpoints --compare openapi.yaml --from -
    """
    if (export and said) or sum(map(bool, (export, compare, since))) > 1:
        raise RefusedError("give one of --export, --compare and --since; --export has no --format.")
    if (previous or source) and not compare:
        raise RefusedError("--previous and --from are for --compare.")
    wanted = Wanted(
        host=host.lower() if host else None, method=method.upper() if method else None,
        sensitive=sensitive, unauthenticated=unauthenticated, risk_min=risk,
    )  # fmt: skip
    if compare and source:
        forms = [e for e in _forms(source) if host is None or e["host"] == wanted.host]
        show(compared(forms, compare, previous), chosen(said))
        return
    url = stored.asked(kafka)
    kept = _kept(url, kafka, wanted)
    if compare:
        show(compared(list(map(endpoint_form, kept)), compare, previous), chosen(said))
    elif since:
        api_changes.show(_since(kept, since, url, wanted), chosen(said))
    else:
        _show(kept, export, said)


def _kept(url: str | None, kafka: str | None, wanted: Wanted) -> list[Endpoint]:
    """From the database where there is one, else from the topic."""
    if url is not None:
        return in_order(stored.operations(url, wanted))
    return list(filter(wanted.fits, latest(records(client(kafka), "endpoints"))))


def _show(kept: list[Endpoint], export: Export | None, said: Format | None) -> None:
    if export is Export.openapi:
        sys.stdout.buffer.write(orjson.dumps(document(kept), option=orjson.OPT_INDENT_2) + b"\n")
    elif export is Export.csv:
        _write_csv(kept)
    elif chosen(said) is Format.jsonl:
        print_json(endpoint_form(endpoint) for endpoint in kept)
    else:
        print_people(table_of(kept))


def _since(
    known: list[Endpoint], moment: str, url: str | None, wanted: Wanted
) -> list[api_changes.Found]:
    from_us = moment_us(moment, time.time_ns() // 1_000)
    kept = () if url is None else stored.history(url, wanted, from_us)
    return api_changes.since(known, from_us, load().of(Settings), kept)


def _forms(source: str) -> list[dict[str, Any]]:
    """Endpoints in their JSON form, from a file of them."""
    try:
        read = sys.stdin.buffer.read() if source == "-" else Path(source).read_bytes()
        forms = [orjson.loads(line) for line in read.splitlines() if line.strip()]
    except OSError as error:
        raise RefusedError(f"{source}: {os_reason(error)}.") from error
    except orjson.JSONDecodeError as error:
        raise RefusedError(f"{source}: these are no JSON lines: {error}.") from error
    return [form for form in forms if isinstance(form, dict) and form.get("kind") == "endpoint"]


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
