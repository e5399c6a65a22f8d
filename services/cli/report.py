"""`sidetap report`: what a gate would have done, that sidetap is not."""

import time
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from schemas.codec import UndecodableError, decode_as
from schemas.types import Label
from services.browsing.rate_limit import KEYS
from services.cli import found, gate_reports
from services.cli.broker import KafkaOption, client, records
from services.cli.inline_gate import Gate, gates
from services.cli.moments import moment_us
from services.cli.output import Format, chosen, print_json, print_people, say, table
from services.cli.refusal import RefusedError

if TYPE_CHECKING:
    from confluent_kafka import Message

COLUMNS = (
    "host", "class", "rule", "would block#", "would limit#", "would deny#", "rightly#", "wrongly#",
    "would pass#",
)  # fmt: skip
SUBJECT = "finding/"
DAY = "1d"


class Report(StrEnum):
    """What it is about."""

    inline = "inline"
    limits = "limits"
    denylist = "denylist"


def register(application: typer.Typer, name: str) -> None:
    """Add the subcommand."""
    application.command(name)(report)


def report(
    what: Annotated[Report, typer.Argument(help="inline, limits or denylist.")],
    host: Annotated[str | None, typer.Option("--host", metavar="H", help="Only this host.")] = None,
    since: Annotated[
        str | None,
        typer.Option("--since", metavar="T", help="Since 2026-11-22T20:00:00Z or for 10m, 2h, 7d."),
    ] = None,
    by: Annotated[
        str,
        typer.Option("--by", metavar="K", help=f"Limits are proposed by: {', '.join(KEYS)}."),
    ] = "address",
    hours: Annotated[
        float, typer.Option("--hours", metavar="N", min=0.01, help="How long one would be denied.")
    ] = 1.0,
    kafka: KafkaOption = None,
    said: Annotated[Format | None, typer.Option("--format", help="jsonl or table.")] = None,
) -> None:
    """What a blocking gate would have done.

    `inline`, by host and rule: the requests it would have stopped, limited or denied, and how
    many people labelled right or wrong (`sidetap label`). `limits`: what the limits of `sidetap
    policy limit` would have refused, and limits proposed for each operation from what good
    clients do in a minute, with the share of their requests refused all the same. `denylist`:
    the addresses that findings would put on a list for --hours, and what that would cost others
    behind them; and what people's lists would have done. The last two read the exchanges kept,
    of the last day where nothing is said. Nothing is blocked by sidetap itself.

    \b
    Examples:
      sidetap report inline --since 7d
      sidetap report limits --host shop.demo --by session
      sidetap report denylist --hours 12 --format jsonl
    """
    settings, format_ = client(kafka), chosen(said)
    now_us = time.time_ns() // 1_000
    since_us = moment_us(since, now_us) if since else None
    day_us = moment_us(since or DAY, now_us)
    if what is Report.limits:
        if by not in KEYS:
            raise RefusedError(f"{by!r} is no key: say one of {', '.join(KEYS)}.")
        return gate_reports.limits(
            settings, since_us=day_us, host=host, by=by, hours=hours, format_=format_
        )
    if what is Report.denylist:
        return gate_reports.denylist(
            settings, since_us=day_us, host=host, hours=hours, format_=format_
        )
    return _inline(settings, host, since_us, format_)


def _inline(
    settings: Mapping[str, Any], host: str | None, since_us: int | None, format_: Format
) -> None:
    wanted = found.Wanted(host=host, since_us=since_us)
    latest = found.latest(records(settings, "findings"))
    kept = (finding for finding in latest.all() if wanted.holds(finding))
    made = gates(kept, _labels(records(settings, "labels")))
    if format_ is Format.jsonl:
        print_json(gate.form() for gate in made)
        return
    print_people(table(_title(made), COLUMNS, map(_row, made)))


def _labels(messages: "Iterable[Message]") -> dict[str, Label]:
    """The last of each finding."""
    labels: dict[str, Label] = {}
    for message in messages:
        try:
            label = decode_as(Label, message.value() or b"")
        except UndecodableError as error:
            say(f"sidetap: {message.topic()} at {message.offset()} is unreadable: {error}.")
            continue
        if label.id.startswith(SUBJECT):
            labels[label.id.removeprefix(SUBJECT)] = label
    return labels


def _title(made: list[Gate]) -> str:
    stopped = sum(gate.stopped.requests for gate in made)
    wrongly = sum(gate.wrongly.requests for gate in made)
    judged = wrongly + sum(gate.rightly.requests for gate in made)
    return (
        f"{stopped} matches of rules would have been stopped; {judged} are labelled,"
        f" {wrongly} of them good"
    )


def _row(gate: Gate) -> tuple[object, ...]:
    return (
        gate.host, gate.class_, gate.rule, gate.blocked.requests, gate.limited.requests,
        gate.denied.requests, gate.rightly.requests,
        gate.wrongly.requests, gate.passed.requests,
    )  # fmt: skip
