"""Entries on the topic `policy`: what is in force, and how one more is saved."""

import sys
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import typer

from schemas.codec import UndecodableError, decode_as, encode
from schemas.types import PolicyEntry
from services.cli.broker import records, send
from services.cli.moments import iso
from services.cli.output import Format, print_json, print_people, say, table
from services.cli.refusal import RefusedError
from services.cli.who import who

COLUMNS = ("id", "kind", "site", "host", "path", "where", "body", "by", "at")
# A model's body is a long list of terms.
BODY_CHARACTERS_MAX = 200
TOPIC = "policy"


def in_force(settings: Mapping[str, Any]) -> dict[str, PolicyEntry]:
    """In force, by id."""
    entries: dict[str, PolicyEntry] = {}
    for message in records(settings, TOPIC):
        try:
            entry = decode_as(PolicyEntry, message.value() or b"")
        except UndecodableError as error:
            say(f"sidetap: policy at {message.offset()} is unreadable: {error}.")
            continue
        entries.pop(entry.id, None)
        if not entry.removed:
            entries[entry.id] = entry
    return entries


def show(entries: Mapping[str, PolicyEntry], format_: Format) -> None:
    """All of them, for people or machines."""
    if format_ is Format.jsonl:
        print_json({"kind": "policy", **_form(entry)} for entry in entries.values())
        return
    rows = [tuple(_form(entry).values()) for entry in entries.values()]
    print_people(table(f"{len(rows)} entries", COLUMNS, rows))


def save(settings: Mapping[str, Any], entry: PolicyEntry) -> None:
    """Put one into force, signed and dated."""
    signed = replace(entry, by=who(), at_us=time.time_ns() // 1_000)
    send(settings, TOPIC, signed.id.encode(), encode(signed))


def save_and_say(settings: Mapping[str, Any], entry: PolicyEntry) -> None:
    """The same, and how to take it back."""
    save(settings, entry)
    say(f"saved as {entry.id}; `sidetap policy remove {entry.id}` takes it back.")


def confirm(*, yes: bool) -> None:
    """Ask whether to save. Raises RefusedError where nobody can be asked."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise RefusedError("nobody can be asked here: say --yes to save it.")
    typer.confirm("Save it?", abort=True, err=True)


def _form(entry: PolicyEntry) -> dict[str, str]:
    return {
        "id": entry.id, "policy": entry.kind, "site": entry.site, "host": entry.host,
        "path": entry.path, "where": entry.where, "body": _shortened(entry.body), "by": entry.by,
        "at": iso(entry.at_us),
    }  # fmt: skip


def _shortened(body: str) -> str:
    return body if len(body) <= BODY_CHARACTERS_MAX else f"{body[:BODY_CHARACTERS_MAX]}…"
