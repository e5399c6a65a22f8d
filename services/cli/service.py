"""`sidetap reassembly`, `detect`, `browsing`, `discovery`, `export`: one worker of one service."""

from pathlib import Path
from typing import Annotated

import typer

from services.cli.broker import KafkaOption
from services.cli.running import address


def register(application: typer.Typer, name: str) -> None:
    """Add the subcommand of one service."""

    def command(
        kafka: KafkaOption = None,
        slot: Annotated[
            int, typer.Option("--slot", metavar="N", help="Number among its siblings, from 0.")
        ] = 0,
        settings: Annotated[
            Path | None, typer.Option("--settings", metavar="F", help="TOML file; see operating.")
        ] = None,
    ) -> None:
        # A worker needs none of the command line's own, and none of it waits for a worker.
        from services.runtime.run import run

        arguments = ["--slot", str(slot)]
        broker = address(kafka)
        arguments += ["--kafka", broker] if broker else []
        arguments += ["--settings", str(settings)] if settings else []
        run(name, arguments)

    application.command(
        name,
        help=f"One worker of {name}, until it is told to stop.\n\n"
        f"\b\nExample:\n  sidetap {name} --kafka kafka:9092 --slot 1",
    )(command)
