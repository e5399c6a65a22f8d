"""`sidetap label`: what a person says of a finding, for those who train the detection."""

import time
from enum import StrEnum
from typing import Annotated

import typer

from schemas.codec import encode
from schemas.types import Label
from services.cli import found
from services.cli.broker import KafkaOption, client, records, send
from services.cli.output import say
from services.cli.refusal import RefusedError
from services.cli.who import who

NOTE_CHARACTERS_MAX = 2_000


class Verdict(StrEnum):
    """Whether the finding was right."""

    true = "true"
    false = "false"


def register(application: typer.Typer, name: str) -> None:
    """Add the subcommand."""
    application.command(name)(label)


def label(
    id_: Annotated[str, typer.Argument(metavar="ID", help="A finding's id, or its beginning.")],
    verdict: Annotated[Verdict, typer.Argument(help="Was it what the finding says?")],
    note: Annotated[str, typer.Option("--note", help="Why.")] = "",
    class_: Annotated[
        str, typer.Option("--class", metavar="C", help="The right class, if it is another.")
    ] = "",
    kafka: KafkaOption = None,
) -> None:
    """Says of a finding whether it was right.

    Kept on the `labels` topic, for those who train the detection.

    \b
    Examples:
      sidetap label 3f2a91 true
      sidetap label 3f2a91 false --note "our own load test"
    """
    if len(note) > NOTE_CHARACTERS_MAX:
        raise RefusedError(f"the note is longer than {NOTE_CHARACTERS_MAX} characters.")
    settings = client(kafka)
    latest = found.latest(records(settings, "findings"))
    finding = latest.get(id_)
    if finding is None:
        raise RefusedError(f"there is no finding {id_!r}, or more than one begins with it.")
    name = f"finding/{finding.id}"
    said = Label(
        id=name, verdict=verdict is Verdict.true, class_=class_, by=who(),
        at_us=time.time_ns() // 1_000, note=note,
    )  # fmt: skip
    send(settings, "labels", name.encode(), encode(said))
    say(f"{finding.id} ({finding.class_}: {finding.title}) is labelled {verdict.value}.")
