"""`sidetap policy`: what people said shall hold, said and taken back; a verb a function."""

import hashlib
import time
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer

from schemas.types import PolicyEntry
from services.browsing.rate_limit import ALGORITHMS, KEYS
from services.cli import found, policy_models, policy_rule
from services.cli.broker import KafkaOption, client, records
from services.cli.moments import moment_us
from services.cli.output import Format, chosen, say
from services.cli.policy_entries import confirm, in_force, save, save_and_say, show
from services.cli.policy_gate import Members, Place, Rate, limit_entry, list_entry
from services.cli.refusal import RefusedError
from services.cli.safe_text import shown
from services.cli.said_template import template_entry
from services.cli.silenced import Scope, silenced
from services.cli.stored_exchanges import stored
from services.runtime.mask_key import mask_key
from services.runtime.masking import Masker

EXAMPLES_MAX = 10

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="A name for the entry.")]
TemplateArgument = Annotated[
    str, typer.Argument(metavar="TEMPLATE", help="As in '/users/{login}'.")
]
WhomArgument = Annotated[
    str,
    typer.Argument(
        metavar="WHOM",
        help="Addresses and subnets with commas between; with --from, a name for the list.",
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
FromOption = Annotated[
    Path | None, typer.Option("--from", metavar="F", help="A list's members, one a line.")
]
SessionOption = Annotated[
    str, typer.Option("--session", metavar="S", help="An id of `sidetap sessions`.")
]
ForOption = Annotated[str, typer.Option("--for", metavar="T", help="How long it holds: 12h, 7d.")]
YesOption = Annotated[bool, typer.Option("--yes", help="Do not ask before saving.")]
FormatOption = Annotated[Format | None, typer.Option("--format", help="jsonl or table.")]


def register(application: typer.Typer, _name: str) -> None:
    """Add the subcommand with its verbs."""
    application.callback(invoke_without_command=True)(policy)
    for verb, function in VERBS.items():
        application.command(verb)(function)


def policy(context: typer.Context, kafka: KafkaOption = None, said: FormatOption = None) -> None:
    """What people said shall hold.

    Without a verb, lists it. What is said acts within a second, everywhere; on the inventory when
    packet time moves on. Nothing is blocked: findings and `sidetap report` say what would have
    been.

    \b
    Examples:
      sidetap policy
      sidetap policy exclude --rule sqli.tautology --host shop.demo --path /search --where query.q
      sidetap policy rule coupon --class other --pattern '^FREE-\\d+$' --where query.code
      sidetap policy remove exclusion/4f2a91c0
    """
    if context.invoked_subcommand is None:
        listed(kafka, said)


def listed(kafka: KafkaOption = None, said: FormatOption = None) -> None:
    """Lists what is in force."""
    show(in_force(client(kafka)), chosen(said))


def exclude(
    id_: NameArgument = "",
    rule: RuleOption = "",
    class_: ClassOption = "",
    site: SiteOption = "",
    host: HostOption = "",
    path: PathOption = "",
    where: WhereOption = "",
    yes: YesOption = False,
    kafka: KafkaOption = None,
) -> None:
    """Excludes a rule or class of attacks in a scope.

    Shows first which past findings that would have silenced.

    \b
    Example:
      sidetap policy exclude --rule sqli.tautology --host shop.demo --path /search --where query.q
    """
    scope = Scope(site=site, host=host.lower(), path=path, where=where, rule=rule, class_=class_)
    if scope == Scope():
        raise RefusedError("that would exclude everything: say --rule, --class or where.")
    settings = client(kafka)
    latest = found.latest(records(settings, "findings"))
    gone = silenced(latest.all(), scope)
    say(f"{len(gone)} of {len(latest)} past findings would not have been.")
    for finding in gone[-EXAMPLES_MAX:]:
        say("  " + "  ".join(shown(str(cell)) for cell in found.row(finding)))
    confirm(yes=yes)
    save_and_say(settings, _exclusion(scope, id_))


def _exclusion(scope: Scope, id_: str) -> PolicyEntry:
    named = {"rule": scope.rule, "class": scope.class_}
    body = orjson.dumps({name: value for name, value in named.items() if value}).decode()
    place = (scope.site, scope.host, scope.path, scope.where, body)
    # The same exclusion said twice is one entry.
    made = hashlib.sha256("\0".join(place).encode()).hexdigest()[:8]
    return PolicyEntry(
        id=id_ or f"exclusion/{made}", kind="exclusion", site=scope.site, host=scope.host,
        path=scope.path, where=scope.where, body=body, by="", at_us=0, removed=False,
    )  # fmt: skip


def rule(
    id_: NameArgument = "",
    pattern: Annotated[
        str, typer.Option("--pattern", metavar="P", help="Hyperscan's; none: any value there.")
    ] = "",
    class_: Annotated[str, typer.Option("--class", metavar="C", help="Of which attack.")] = "",
    title: Annotated[str, typer.Option("--title", metavar="T", help="What it finds.")] = "",
    site: SiteOption = "",
    host: HostOption = "",
    path: PathOption = "",
    where: WhereOption = "",
    since: Annotated[
        str, typer.Option("--since", metavar="T", help="Try it on exchanges since then.")
    ] = "24h",
    yes: YesOption = False,
    kafka: KafkaOption = None,
) -> None:
    """Adds a rule of your own, or patches a place.

    Shows first what it would have found in past exchanges.

    \b
    Examples:
      sidetap policy rule coupon --class other --pattern '^FREE-\\d+$' --where query.code
      sidetap policy rule setup --class rce --path /setup --title 'Until it is mended'
    """
    scope = Scope(site=site, host=host.lower(), path=path, where=where, class_=class_)
    entry = policy_rule.rule_entry(id_, pattern, title, scope)
    settings = client(kafka)
    since_us = moment_us(since, time.time_ns() // 1_000)
    past = (exchange for exchange, _ in stored(settings, since_us))
    said = policy_rule.tried(entry, past, Masker(mask_key(None)))
    say(f"{said.matched} of {said.exchanges} exchanges since {since} match; {said.new} of them"
        " nothing else calls an attack.")  # fmt: skip
    for example in said.examples:
        say("  " + "  ".join(map(shown, example)))
    confirm(yes=yes)
    save_and_say(settings, entry)


def pin(
    template: TemplateArgument,
    host: HostOption = "",
    site: SiteOption = "",
    kafka: KafkaOption = None,
) -> None:
    """Says under which path template requests stand.

    Keeps a name, merges names under a variable, or names the variable.

    \b
    Example:
      sidetap policy pin '/users/{login}' --host api.shop.demo
    """
    save_and_say(client(kafka), template_entry("pin", template, site, host.lower()))


def split(
    template: TemplateArgument,
    host: HostOption = "",
    site: SiteOption = "",
    kafka: KafkaOption = None,
) -> None:
    """Keeps the names at the last place of a template apart.

    \b
    Example:
      sidetap policy split '/reports/{name}' --host api.shop.demo
    """
    save_and_say(client(kafka), template_entry("split", template, site, host.lower()))


def remove(
    id_: Annotated[str, typer.Argument(metavar="ID", help="As `sidetap policy` lists it.")],
    kafka: KafkaOption = None,
) -> None:
    """Takes an entry back."""
    settings = client(kafka)
    entry = in_force(settings).get(id_)
    if entry is None:
        raise RefusedError(f"there is no entry {id_!r}: `sidetap policy` lists them.")
    save(settings, replace(entry, removed=True))
    say(f"{id_} is taken back.")


def activate(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="Its hash or file, or `rules`.")],
    shadow: Annotated[
        bool, typer.Option("--shadow", help="Beside the active model: differences are counted.")
    ] = False,
    kafka: KafkaOption = None,
) -> None:
    """Puts a model to work, as the active one or as a shadow.

    \b
    Example:
      sidetap policy activate model.json --shadow
    """
    settings = client(kafka)
    _save_models(settings, policy_models.chosen_by(in_force(settings), model, shadow=shadow))


def rollback(kafka: KafkaOption = None) -> None:
    """Goes back to the model that was active before."""
    settings = client(kafka)
    _save_models(settings, [policy_models.gone_back(in_force(settings))])


def _save_models(settings: Mapping[str, Any], entries: Iterable[PolicyEntry]) -> None:
    for entry in entries:
        save(settings, entry)
    now = policy_models.in_force(in_force(settings))
    say(", ".join(f"{name}: {hash_ or 'none'}" for name, hash_ in now.items()))


def _listing(action: str, says: str) -> Any:
    """The verb of one kind of list."""

    def verb(
        whom: WhomArgument = "",
        file: FromOption = None,
        session: SessionOption = "",
        host: HostOption = "",
        site: SiteOption = "",
        for_: ForOption = "",
        kafka: KafkaOption = None,
    ) -> None:
        many = Members(said=whom, file=file, session=session)
        place = Place(site=site, host=host.lower(), path="")
        now_us = time.time_ns() // 1_000
        save_and_say(client(kafka), list_entry(action, many, place, for_, now_us))

    verb.__doc__ = f"""{says}

    \b
    Examples:
      sidetap policy {action} 198.51.100.7,203.0.113.0/24 --for 12h
      sidetap policy {action} NAME --from addresses.txt
    """
    return verb


def limit(
    id_: NameArgument = "",
    rate: Annotated[
        str, typer.Option("--rate", metavar="N/T", help="Requests in a time, 100/60s.")
    ] = "",
    burst: Annotated[
        int | None, typer.Option("--burst", metavar="N", help="So many at once.")
    ] = None,
    by: Annotated[
        str,
        typer.Option(
            "--by", metavar="K", help=f"Whose requests count together: {', '.join(KEYS)}."
        ),
    ] = "address",
    algorithm: Annotated[
        str, typer.Option("--algorithm", metavar="A", help=f"{' or '.join(ALGORITHMS)}.")
    ] = "token_bucket",
    host: HostOption = "",
    path: PathOption = "",
    site: SiteOption = "",
    kafka: KafkaOption = None,
) -> None:
    """Says how often a gate would let requests through.

    \b
    Example:
      sidetap policy limit login --rate 10/60s --host shop.demo --path /login
    """
    place = Place(site=site, host=host.lower(), path=path)
    typed = Rate(rate=rate, burst=burst, by=by, algorithm=algorithm)
    save_and_say(client(kafka), limit_entry(id_, place, typed))


VERBS = {
    "list": listed,
    "exclude": exclude,
    "rule": rule,
    "pin": pin,
    "split": split,
    "remove": remove,
    "activate": activate,
    "rollback": rollback,
    "allow": _listing("allow", "Says whom a gate would let in whatever they send."),
    "deny": _listing("deny", "Says whom a gate would turn away."),
    "grey": _listing("grey", "Says whom a gate would watch more closely."),
    "limit": limit,
}
