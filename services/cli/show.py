"""`sidetap show`: one finding or exchange whole, secrets masked."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer
from sidetap_native import Exchange

from schemas.types import Finding
from services.cli import found
from services.cli.broker import Client, KafkaOption, client, records
from services.cli.json_forms import exchange_form, finding_form
from services.cli.masked_body import masked_body
from services.cli.moments import iso
from services.cli.output import Format, chosen, print_json, print_people
from services.cli.refusal import RefusedError
from services.cli.safe_text import shown, text
from services.cli.stored_exchanges import CLOCK_SLACK_MS, TOPIC, readable
from services.runtime.mask_key import mask_key
from services.runtime.masking import Masker

if TYPE_CHECKING:
    from rich.text import Text

BODY_CHARACTERS_MAX = 4_000  # Two screens; `sidetap read --bodies` gives all of it.
# Looked at for secrets before it is cut: half a card number is a number that nobody knows.
BODY_BYTES_MAX = 262_144
VALUE_CHARACTERS_MAX = 2_000
EXCHANGES_MAX = 3  # First and latest evidence; more is said by their ids.


def register(application: typer.Typer, name: str) -> None:
    """Add the subcommand."""
    application.command(name)(show)


def show(
    id_: Annotated[str, typer.Argument(metavar="ID", help="Of a finding or an exchange.")],
    kafka: KafkaOption = None,
    said: Annotated[Format | None, typer.Option("--format", help="jsonl or table.")] = None,
) -> None:
    """One finding or exchange whole.

    The request with the payload marked, the response, the rule, what to do. Passwords, cookies,
    tokens and card numbers are masked.

    \b
    Example:
      sidetap show 3f2a91
    """
    settings = client(kafka)
    latest = found.latest(records(settings, "findings"))
    finding = latest.get(id_)
    wanted: dict[str, int | None] = {id_: None}
    if finding:
        wanted = {evidence.exchange: evidence.at_us for evidence in finding.evidence}
    seen = exchanges(settings, wanted)
    if finding is None and not seen:
        raise RefusedError(f"there is no finding or exchange {id_!r} (any more).")
    if chosen(said) is Format.jsonl:
        masker = Masker(mask_key(None))
        forms = [finding_form(finding)] if finding else []
        print_json([*forms, *(masked_form(e, masker) for e in seen)])
        return
    parts = [*(_finding_text(finding) if finding else ()), *_exchange_texts(seen, finding)]
    print_people(*parts)


def exchanges(settings: Client, wanted: dict[str, int | None]) -> list[Exchange]:
    """The highest revision of each wanted exchange that the topic still holds."""
    times = [at_us for at_us in wanted.values() if at_us is not None]
    # The broker stamps a record after the packet was seen, so nothing older need be read.
    since_ms = min(times) // 1_000 - CLOCK_SLACK_MS if len(times) == len(wanted) else None
    kept: dict[str, Exchange] = {}
    for message in records(settings, TOPIC, since_ms=since_ms):
        value = message.value()
        if not value or not any(id_.encode() in value for id_ in wanted):
            continue  # Most are not: no need to read them.
        exchange = readable(value)
        if exchange and exchange.id in wanted:
            kept[exchange.id] = exchange
    return list(kept.values())


def masked_form(exchange: Exchange, masker: Masker) -> dict[str, Any]:
    """The exchange's JSON form without its secrets."""
    form = exchange_form(exchange)
    for side in ("request", "response"):
        if form[side]:
            form[side]["headers"] = masker.headers(form[side]["headers"])
    if form["request"]:
        form["request"]["target"] = masker.target(form["request"]["target"])
    return form


def _finding_text(finding: Finding) -> "Iterator[Text]":
    from rich.text import Text

    made = Text()
    made.append(f"{shown(finding.title)}\n", "bold")
    made.append(f"{finding.severity}, {finding.class_}, {finding.state}, ", "dim")
    grade = "" if finding.grade == "none" else f"{finding.grade}, "
    made.append(f"{grade}confidence {finding.confidence:.2f}, seen {finding.count} times\n", "dim")
    for name, value in (
        ("what", finding.summary),
        ("do", finding.advice),
        ("rule", finding.rule),
        ("client", finding.client),
        ("where", f"{finding.host} {finding.endpoint}"),
        ("when", f"{iso(finding.opened_us)} to {iso(finding.at_us)}"),
        ("inline", _inline(finding)),
        ("known as", ", ".join((*finding.cwe, *finding.capec, *finding.attack, *finding.owasp))),
        ("id", finding.id),
    ):
        if value.strip():
            made.append(f"{name:>9}  ", "dim")
            made.append(f"{shown(value, VALUE_CHARACTERS_MAX)}\n")
    for evidence in finding.evidence:
        made.append(f"\n{iso(evidence.at_us)} {shown(evidence.where)}  ", "dim")
        made.append(shown(evidence.value, VALUE_CHARACTERS_MAX), "bold red")
        made.append(f"  ({shown(evidence.rule)}, exchange {evidence.exchange})", "dim")
    yield made


def _inline(finding: Finding) -> str:
    """What a gate would have done; a weakness or a change of an API is nothing that it stops."""
    if finding.kind not in ("attack", "behaviour"):
        return ""
    did = {
        "blocked it": finding.would_block,
        "limited the client": finding.would_limit,
        "denied the client": finding.would_deny,
    }
    said = ", ".join(name for name, would in did.items() if would)
    return f"a gate would have {said}" if said else "would pass a gate"


def _exchange_texts(exchanges: list[Exchange], finding: Finding | None) -> "Iterator[Text]":
    from rich.text import Text

    masker = Masker(mask_key(None))
    payloads = payloads_of(finding)
    for exchange in exchanges[:EXCHANGES_MAX]:
        lines = Text(f"\n── exchange {exchange.id}, {iso(exchange.at_us)}, ", "dim")
        lines.append(f"{exchange.client_ip} → {exchange.server_ip}:{exchange.server_port}\n")
        for line in message_lines(exchange, masker):
            lines.append(shown(line, BODY_CHARACTERS_MAX) + "\n", "default")
        for payload in payloads:
            lines.highlight_words([payload], "bold red")
        yield lines
    if len(exchanges) > EXCHANGES_MAX:
        yield Text(f"and {len(exchanges) - EXCHANGES_MAX} more exchanges", "dim")


def payloads_of(finding: Finding | None) -> list[str]:
    """What to mark in the request: each value as decoded and as sent."""
    if finding is None:
        return []
    values = {shown(v, VALUE_CHARACTERS_MAX) for e in finding.evidence for v in (e.value, e.raw)}
    return sorted(value for value in values if value)


def message_lines(exchange: Exchange, masker: Masker) -> Iterator[str]:
    """Request and response as text, masked, line by line."""
    request, response = exchange.request, exchange.response
    if request:
        yield f"{text(request.method)} {masker.target(text(request.target))} HTTP/{request.version}"
        yield from _rest(request.headers, request.body.decoded(), masker)
    yield ""
    if response:
        yield f"HTTP/{response.version} {response.status} {text(response.reason)}"
        yield from _rest(response.headers, response.body.decoded(), masker)
    else:
        yield "(no response was seen)"


def _rest(headers: list[tuple[bytes, bytes]], body: bytes, masker: Masker) -> Iterator[str]:
    for name, value in masker.headers((text(n), text(v)) for n, v in headers):
        yield f"{name}: {value}"
    if body:
        content_type = next((text(v) for n, v in headers if n.lower() == b"content-type"), "")
        masked = masked_body(masker, content_type, text(body[:BODY_BYTES_MAX]))
        yield ""
        yield from masked[:BODY_CHARACTERS_MAX].splitlines()
