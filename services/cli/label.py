"""`sidetap label`: what a person says of a finding or exchange, to train the detection with."""

import time
from enum import StrEnum
from typing import Annotated

import typer

from schemas.codec import encode
from schemas.types import Label
from services.cli import found
from services.cli.broker import Client, KafkaOption, client, records, send
from services.cli.output import say
from services.cli.refusal import RefusedError
from services.cli.show import exchanges
from services.cli.who import who
from services.detect.detectors import BY_CLASS

NOTE_CHARACTERS_MAX = 2_000


class Verdict(StrEnum):
    """Whether the finding was right."""

    true = "true"
    false = "false"


def register(application: typer.Typer, name: str) -> None:
    """Add the subcommand."""
    application.command(name)(label)


def label(
    id_: Annotated[
        str,
        typer.Argument(metavar="ID", help="Of a finding, or its beginning; of an exchange, whole."),
    ],
    verdict: Annotated[Verdict, typer.Argument(help="Was it what the finding says; an attack?")],
    note: Annotated[str, typer.Option("--note", help="Why.")] = "",
    class_: Annotated[
        str, typer.Option("--class", metavar="C", help="The right class, if it is another.")
    ] = "",
    kafka: KafkaOption = None,
) -> None:
    """Says of a finding whether it was right, or of an exchange whether it was an attack.

    Kept on the `labels` topic, for those who train the detection: `sidetap train --labels`.

    \b
    Examples:
      sidetap label 3f2a91 true
      sidetap label 3f2a91 false --note "our own load test"
      sidetap label 81bc0d5e2f9a4c6781bc0d5e2f9a4c67 true --class sqli --note "nobody found it"
    """
    if len(note) > NOTE_CHARACTERS_MAX:
        raise RefusedError(f"the note is longer than {NOTE_CHARACTERS_MAX} characters.")
    if class_ and class_ not in BY_CLASS:
        raise RefusedError(f"{class_!r} is no class of attacks: {', '.join(sorted(BY_CLASS))}.")
    settings = client(kafka)
    name, what = _named(settings, id_)
    said = Label(
        id=name, verdict=verdict is Verdict.true, class_=class_, by=who(),
        at_us=time.time_ns() // 1_000, note=note,
    )  # fmt: skip
    send(settings, "labels", name.encode(), encode(said))
    say(f"{what} is labelled {verdict.value}.")


def _named(settings: Client, id_: str) -> tuple[str, str]:
    """The label's own id and what it is of, for people."""
    finding = found.latest(records(settings, "findings")).get(id_)
    if finding is not None:
        return f"finding/{finding.id}", f"{finding.id} ({finding.class_}: {finding.title})"
    for exchange in exchanges(settings, {id_: None}):
        return f"exchange/{exchange.id}", f"exchange {exchange.id}"
    raise RefusedError(
        f"there is no finding or exchange {id_!r}, or more than one finding begins with it."
    )
