"""`sidetap encrypted`: the servers that are spoken to where nobody here can read."""

import time
from typing import Annotated

import typer

from schemas.codec import UndecodableError, decode_as
from schemas.types import EncryptedFlow
from services.cli.broker import KafkaOption, client, records
from services.cli.encrypted_servers import Servers, server_form, table_of
from services.cli.moments import moment_us
from services.cli.output import Format, chosen, print_json, print_people, say


def register(application: typer.Typer, name: str) -> None:
    """Add the subcommand."""
    application.command(name)(encrypted)


def encrypted(
    since: Annotated[
        str | None,
        typer.Option("--since", metavar="T", help="Since 2026-11-22T20:00:00Z or for 10m, 2h, 7d."),
    ] = None,
    kafka: KafkaOption = None,
    said: Annotated[Format | None, typer.Option("--format", help="jsonl or table.")] = None,
) -> None:
    """Servers that are spoken to where nobody here can read.

    TLS without its keys, and QUIC: under which name, how much, by how many. What is listed here
    is looked at by no detector.

    \b
    Examples:
      sidetap encrypted --since 7d
      sidetap read capture.pcap --emit encrypted
    """
    since_us = moment_us(since, time.time_ns() // 1_000) if since else None
    since_ms = None if since_us is None else since_us // 1_000
    servers = Servers()
    for message in records(client(kafka), "encrypted", since_ms=since_ms):
        try:
            flow = decode_as(EncryptedFlow, message.value() or b"")
        except UndecodableError as error:
            place = f"{message.topic()}/{message.partition()} at {message.offset()}"
            say(f"sidetap: {place} is unreadable: {error}.")
            continue
        if since_us is None or flow.until_us >= since_us:
            servers.add(flow)
    if chosen(said) is Format.jsonl:
        print_json(map(server_form, servers.by_bytes()))
    else:
        print_people(table_of(servers))
