"""`sidetap sessions`: who was there, and what one of them did, in order."""

import time
from typing import Annotated

import typer

from services.cli.broker import KafkaOption, client, records
from services.cli.moments import iso, moment_us
from services.cli.output import Format, chosen, print_json, print_people, say, table
from services.cli.refusal import RefusedError
from services.cli.session_log import Session, SessionLog, Step
from services.runtime.exchanges import read_exchange
from services.runtime.mask_key import mask_key
from services.runtime.masking import Masker

ROWS_MAX = 200  # More than anybody reads in a terminal; JSON lines give all.
SHOWN_MAX = 3  # Addresses or hosts in one cell.


def register(application: typer.Typer, name: str) -> None:
    """Add the subcommand."""
    application.command(name)(sessions)


def sessions(
    id_: Annotated[
        str | None, typer.Argument(metavar="[ID]", help="Of one session: what it did, in order.")
    ] = None,
    client_: Annotated[
        str | None, typer.Option("--client", metavar="A", help="Only this client's address.")
    ] = None,
    host: Annotated[str | None, typer.Option("--host", metavar="H", help="Only this host.")] = None,
    since: Annotated[
        str,
        typer.Option("--since", metavar="T", help="Since 2026-11-22T20:00:00Z or for 10m, 2h, 7d."),
    ] = "1h",
    kafka: KafkaOption = None,
    said: Annotated[Format | None, typer.Option("--format", help="jsonl or table.")] = None,
) -> None:
    """Who was there, and what one of them did, in order.

    A session is told by the subject of a token, by Authorization or by its cookies; where there
    is none, by address and user agent. A log-in stands with the session it began. Read from the
    exchanges that are kept; secrets masked.

    \b
    Examples:
      sidetap sessions --client 203.0.113.9
      sidetap sessions 3f2a91 --since 2h
    """
    since_us = moment_us(since, time.time_ns() // 1_000)
    log = SessionLog(Masker(mask_key(None)), wanted=id_)
    for message in records(client(kafka), "exchanges", since_ms=since_us // 1_000):
        value = message.value()
        try:
            exchange = read_exchange(value) if value else None
        except ValueError:  # a watermark, or what another version wrote
            continue
        if exchange is None or exchange.at_us < since_us:
            continue
        if client_ not in (None, exchange.client_ip) or host not in (None, exchange.host):
            continue
        log.add(exchange)
    if log.left_out:
        say(f"sidetap: {log.left_out} are left out; narrow it down with --since or --client.")
    if id_ is None:
        _list(log.told(), chosen(said))
    else:
        _steps(log.in_order(), id_, chosen(said))


def _list(told: list[Session], format_: Format) -> None:
    if format_ is Format.jsonl:
        print_json(session_form(session) for session in told)
        return
    rows = [
        (one.id, one.kind, _few(one.clients), _few(one.hosts), iso(one.first_us),
         iso(one.last_us), one.requests, one.refused, one.agent)
        for one in told[-ROWS_MAX:]
    ]  # fmt: skip
    columns = ("id", "by", "client", "host", "first", "last", "requests#", "refused#", "agent")
    print_people(table(f"{len(told)} sessions", columns, rows))


def _steps(steps: list[Step], id_: str, format_: Format) -> None:
    if not steps:
        raise RefusedError(f"there is no session {id_!r} in that time; --since reads further back.")
    if format_ is Format.jsonl:
        print_json(step_form(step) for step in steps)
        return
    rows = [
        (iso(one.at_us), one.client, one.host, one.method, one.target, one.status or "–",
         one.exchange)
        for one in steps
    ]  # fmt: skip
    columns = ("at", "client", "host", "method", "target", "status#", "exchange")
    print_people(table(f"{len(steps)} requests", columns, rows))


def session_form(session: Session) -> dict[str, object]:
    """One session as JSON."""
    return {
        "kind": "session",
        "id": session.id,
        "by": session.kind,
        "clients": sorted(session.clients),
        "hosts": sorted(session.hosts),
        "first": iso(session.first_us),
        "last": iso(session.last_us),
        "requests": session.requests,
        "refused": session.refused,
        "agent": session.agent,
    }


def step_form(step: Step) -> dict[str, object]:
    """One request of a session as JSON."""
    return {
        "kind": "step",
        "at": iso(step.at_us),
        "exchange": step.exchange,
        "client": step.client,
        "host": step.host,
        "method": step.method,
        "target": step.target,
        "status": step.status,
    }


def _few(names: set[str]) -> str:
    shown = sorted(names)
    more = f" and {len(shown) - SHOWN_MAX} more" if len(shown) > SHOWN_MAX else ""
    return " ".join(shown[:SHOWN_MAX]) + more
