"""`sidetap report`: what a blocking gate would have done."""

import time
from collections.abc import Iterable
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from schemas.codec import UndecodableError, decode_as
from schemas.types import Label
from services.cli import found
from services.cli.broker import KafkaOption, client, records
from services.cli.inline_gate import Gate, gates
from services.cli.moments import moment_us
from services.cli.output import Format, chosen, print_json, print_people, say, table

if TYPE_CHECKING:
    from confluent_kafka import Message

COLUMNS = ("host", "class", "rule", "would block#", "rightly#", "wrongly#", "would pass#")
SUBJECT = "finding/"


class Report(StrEnum):
    """What it is about."""

    inline = "inline"


def register(application: typer.Typer, name: str) -> None:
    """Add the subcommand."""
    application.command(name)(report)


def report(
    what: Annotated[Report, typer.Argument(help="inline: what a blocking gate would have done.")],
    host: Annotated[str | None, typer.Option("--host", metavar="H", help="Only this host.")] = None,
    since: Annotated[
        str | None,
        typer.Option("--since", metavar="T", help="Since 2026-11-22T20:00:00Z or for 10m, 2h, 7d."),
    ] = None,
    kafka: KafkaOption = None,
    said: Annotated[Format | None, typer.Option("--format", help="jsonl or table.")] = None,
) -> None:
    """What a blocking gate would have done.

    By host and rule: the requests it would have stopped, and how many of them people labelled
    right or wrong (`sidetap label`). Nothing is blocked by sidetap itself.

    \b
    Examples:
      sidetap report inline --since 7d
      sidetap report inline --host shop.demo --format jsonl
    """
    del what  # there is one so far
    settings = client(kafka)
    since_us = moment_us(since, time.time_ns() // 1_000) if since else None
    wanted = found.Wanted(host=host, since_us=since_us)
    latest = found.latest(records(settings, "findings"))
    kept = (finding for finding in latest.all() if wanted.holds(finding))
    made = gates(kept, _labels(records(settings, "labels")))
    if chosen(said) is Format.jsonl:
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
        f"{stopped} matches of rules would have been blocked; {judged} are labelled,"
        f" {wrongly} of them good"
    )


def _row(gate: Gate) -> tuple[object, ...]:
    return (
        gate.host, gate.class_, gate.rule, gate.stopped.requests, gate.rightly.requests,
        gate.wrongly.requests, gate.passed.requests,
    )  # fmt: skip
