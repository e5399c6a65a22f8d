"""`sidetap policy`: what people said shall hold, said and taken back."""

import hashlib
import sys
import time
from collections.abc import Iterable, Mapping
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer

from schemas.codec import UndecodableError, decode_as, encode
from schemas.types import PolicyEntry
from services.browsing.rate_limit import ALGORITHMS, KEYS
from services.cli import found, policy_models
from services.cli.broker import KafkaOption, client, records, send
from services.cli.moments import iso
from services.cli.output import Format, chosen, print_json, print_people, say, table
from services.cli.policy_gate import Members, Place, Rate, limit_entry, list_entry
from services.cli.refusal import RefusedError
from services.cli.safe_text import shown
from services.cli.said_template import template_entry
from services.cli.silenced import Scope, silenced
from services.cli.who import who

COLUMNS = ("id", "kind", "site", "host", "path", "where", "body", "by", "at")
EXAMPLES_MAX = 10
# A model's body is a long list of terms.
BODY_CHARACTERS_MAX = 200


class Action(StrEnum):
    """What to do."""

    list = "list"
    exclude = "exclude"
    pin = "pin"
    split_ = "split"  # every text has a method split
    remove = "remove"
    activate = "activate"
    rollback = "rollback"
    allow = "allow"
    deny = "deny"
    grey = "grey"
    limit = "limit"


LISTS = (Action.allow, Action.deny, Action.grey)


def register(application: typer.Typer, name: str) -> None:
    """Add the subcommand."""
    application.command(name)(policy)


IdArgument = Annotated[
    str,
    typer.Argument(
        metavar="[ID]",
        help="To remove; a name, to exclude or limit; to pin or split, a path template; to"
        " activate, a model's hash or file, or `rules`; to allow, deny or make grey, addresses"
        " and subnets with commas between them.",
    ),
]
ActionArgument = Annotated[
    Action,
    typer.Argument(
        help="list, exclude, pin, split, remove, activate, rollback, allow, deny, grey or limit."
    ),
]
RuleOption = Annotated[str, typer.Option("--rule", metavar="R", help="Only this rule.")]
ClassOption = Annotated[str, typer.Option("--class", metavar="C", help="Only this class.")]
SiteOption = Annotated[str, typer.Option("--site", metavar="S", help="Only this network.")]
HostOption = Annotated[str, typer.Option("--host", metavar="H", help="Only this host.")]
PathOption = Annotated[str, typer.Option("--path", metavar="P", help="Only paths that begin so.")]
WhereOption = Annotated[
    str, typer.Option("--where", metavar="W", help="Only this point, e.g. query.q.")
]
ShadowOption = Annotated[
    bool, typer.Option("--shadow", help="Beside the active model: its differences are counted.")
]
FromOption = Annotated[
    Path | None, typer.Option("--from", metavar="F", help="A list's members, one a line.")
]
SessionOption = Annotated[
    str, typer.Option("--session", metavar="S", help="Of a list: an id of `sidetap sessions`.")
]
ForOption = Annotated[
    str, typer.Option("--for", metavar="T", help="How long a list holds, e.g. 12h, 7d.")
]
RateOption = Annotated[
    str, typer.Option("--rate", metavar="N/T", help="Of a limit: requests in a time, 100/60s.")
]
BurstOption = Annotated[
    int | None, typer.Option("--burst", metavar="N", help="Of a limit: so many at once.")
]
ByOption = Annotated[
    str,
    typer.Option(
        "--by", metavar="K", help=f"Of a limit: whose requests count together: {', '.join(KEYS)}."
    ),
]
AlgorithmOption = Annotated[
    str, typer.Option("--algorithm", metavar="A", help=f"Of a limit: {' or '.join(ALGORITHMS)}.")
]
YesOption = Annotated[bool, typer.Option("--yes", help="Do not ask before saving.")]


def policy(
    action: ActionArgument = Action.list,
    id_: IdArgument = "",
    rule: RuleOption = "",
    class_: ClassOption = "",
    site: SiteOption = "",
    host: HostOption = "",
    path: PathOption = "",
    where: WhereOption = "",
    shadow: ShadowOption = False,
    file: FromOption = None,
    session: SessionOption = "",
    for_: ForOption = "",
    rate: RateOption = "",
    burst: BurstOption = None,
    by: ByOption = "address",
    algorithm: AlgorithmOption = "token_bucket",
    yes: YesOption = False,
    kafka: KafkaOption = None,
    said: Annotated[Format | None, typer.Option("--format", help="jsonl or table.")] = None,
) -> None:
    """What people said shall hold.

    Lists it, or takes an entry back; excludes a rule or class in a scope, having shown which past
    findings that would have silenced; pins a path template, whose names it keeps, merges or makes
    a variable, or splits its last place; puts a model to work, as the active one or as a shadow,
    and goes back; says whom a gate would let in, turn away or watch, or how often it would let
    requests through: nothing is blocked, findings and `sidetap report` say what would have been.
    It acts within a second, everywhere; on the inventory when packet time moves on.

    \b
    Examples:
      sidetap policy exclude --rule sqli.tautology --host shop.demo --path /search --where query.q
      sidetap policy pin '/users/{login}' --host api.shop.demo
      sidetap policy remove exclusion/4f2a91c0
      sidetap policy activate model.json --shadow
      sidetap policy deny tor-exits --from exits.txt --for 12h
      sidetap policy limit login --rate 10/60s --host shop.demo --path /login
    """
    settings = client(kafka)
    place = Place(site=site, host=host.lower(), path=path)
    if action in LISTS:
        many = Members(said=id_, file=file, session=session)
        now_us = time.time_ns() // 1_000
        return _say_saved(settings, list_entry(action.value, many, place, for_, now_us))
    if action is Action.limit:
        typed = Rate(rate=rate, burst=burst, by=by, algorithm=algorithm)
        return _say_saved(settings, limit_entry(id_, place, typed))
    scope = Scope(site=site, host=host.lower(), path=path, where=where, rule=rule, class_=class_)
    return _change(settings, action, id_, scope, shadow=shadow, yes=yes, said=said)


def _change(
    settings: Mapping[str, Any], action: Action, id_: str, scope: Scope, *, shadow: bool, yes: bool,
    said: Format | None,
) -> None:  # fmt: skip
    entries = in_force(settings)
    if action is Action.list:
        _list(entries, chosen(said))
    elif action is Action.remove:
        _remove(settings, entries, id_)
    elif action in (Action.pin, Action.split_):
        _say_saved(settings, template_entry(action.value, id_, scope.site, scope.host))
    elif action is Action.activate:
        _save_models(settings, policy_models.chosen_by(entries, id_, shadow=shadow))
    elif action is Action.rollback:
        _save_models(settings, [policy_models.gone_back(entries)])
    else:
        _exclude(settings, scope, id_, yes=yes)


def in_force(settings: Mapping[str, Any]) -> dict[str, PolicyEntry]:
    """In force, by id."""
    entries: dict[str, PolicyEntry] = {}
    for message in records(settings, "policy"):
        try:
            entry = decode_as(PolicyEntry, message.value() or b"")
        except UndecodableError as error:
            say(f"sidetap: policy at {message.offset()} is unreadable: {error}.")
            continue
        entries.pop(entry.id, None)
        if not entry.removed:
            entries[entry.id] = entry
    return entries


def _list(entries: Mapping[str, PolicyEntry], format_: Format) -> None:
    if format_ is Format.jsonl:
        print_json({"kind": "policy", **_form(entry)} for entry in entries.values())
        return
    rows = [tuple(_form(entry).values()) for entry in entries.values()]
    print_people(table(f"{len(rows)} entries", COLUMNS, rows))


def _say_models(entries: Mapping[str, PolicyEntry]) -> None:
    now = policy_models.in_force(entries)
    say(", ".join(f"{name}: {hash_ or 'none'}" for name, hash_ in now.items()))


def _form(entry: PolicyEntry) -> dict[str, str]:
    return {
        "id": entry.id, "policy": entry.kind, "site": entry.site, "host": entry.host,
        "path": entry.path, "where": entry.where, "body": _shortened(entry.body), "by": entry.by,
        "at": iso(entry.at_us),
    }  # fmt: skip


def _shortened(body: str) -> str:
    return body if len(body) <= BODY_CHARACTERS_MAX else f"{body[:BODY_CHARACTERS_MAX]}…"


def _remove(settings: Mapping[str, Any], entries: Mapping[str, PolicyEntry], id_: str) -> None:
    entry = entries.get(id_)
    if entry is None:
        raise RefusedError(f"there is no entry {id_!r}: `sidetap policy` lists them.")
    _save(settings, replace(entry, removed=True))
    say(f"{id_} is taken back.")


def _exclude(settings: Mapping[str, Any], scope: Scope, id_: str, *, yes: bool) -> None:
    if scope == Scope():
        raise RefusedError("that would exclude everything: say --rule, --class or where.")
    latest = found.latest(records(settings, "findings"))
    gone = silenced(latest.all(), scope)
    say(f"{len(gone)} of {len(latest)} past findings would not have been.")
    for finding in gone[-EXAMPLES_MAX:]:
        say("  " + "  ".join(shown(str(cell)) for cell in found.row(finding)))
    if not yes:
        if not sys.stdin.isatty():
            raise RefusedError("nobody can be asked here: say --yes to save it.")
        typer.confirm("Save it?", abort=True, err=True)
    _say_saved(settings, _entry(scope, id_))


def _entry(scope: Scope, id_: str) -> PolicyEntry:
    named = {"rule": scope.rule, "class": scope.class_}
    body = orjson.dumps({name: value for name, value in named.items() if value}).decode()
    place = (scope.site, scope.host, scope.path, scope.where, body)
    # The same exclusion said twice is one entry.
    made = hashlib.sha256("\0".join(place).encode()).hexdigest()[:8]
    return PolicyEntry(
        id=id_ or f"exclusion/{made}", kind="exclusion", site=scope.site, host=scope.host,
        path=scope.path, where=scope.where, body=body, by="", at_us=0, removed=False,
    )  # fmt: skip


def _save(settings: Mapping[str, Any], entry: PolicyEntry) -> None:
    signed = replace(entry, by=who(), at_us=time.time_ns() // 1_000)
    send(settings, "policy", signed.id.encode(), encode(signed))


def _say_saved(settings: Mapping[str, Any], entry: PolicyEntry) -> None:
    _save(settings, entry)
    say(f"saved as {entry.id}; `sidetap policy remove {entry.id}` takes it back.")


def _save_models(settings: Mapping[str, Any], entries: Iterable[PolicyEntry]) -> None:
    for entry in entries:
        _save(settings, entry)
    _say_models(in_force(settings))
