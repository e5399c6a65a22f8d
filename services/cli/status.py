"""`sidetap status`: lag, rates, ledger and findings, of the whole deployment and per worker."""

import time
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Annotated, Any

import typer
from prometheus_client.parser import text_string_to_metric_families

from schemas.codec import UndecodableError, decode_as
from schemas.types import LedgerEntry
from services.cli import balance, found, running
from services.cli.broker import KafkaOption, client, records
from services.cli.lag import Lag, lags
from services.cli.local_http import answer
from services.cli.output import Format, chosen, print_json, print_people, table

# A ledger of a week has millions of entries; what is wrong shows in the last hour.
LEDGER_S = 3_600
FINDINGS_S = 86_400
RATE_S = 1.0
# How detection's counters of a shadow's differences begin (services/detect/core.py).
SHADOW = "shadow_"
RATES = {"sidetap_records_in_total": "in_per_s", "sidetap_records_out_total": "out_per_s"}


def register(application: typer.Typer, name: str) -> None:
    """Add the subcommand."""
    application.command(name)(status)


def status(
    json: Annotated[bool, typer.Option("--json", help="JSON lines.")] = False,
    kafka: KafkaOption = None,
) -> None:
    """Lag, rates, ledger and findings.

    Lag by group and topic, workers with their rates, findings by class. Workers are those of
    `sidetap up` on this machine; all else is read from Kafka.

    \b
    Example:
      sidetap status --json | jq 'select(.kind == "lag")'
    """
    settings = client(kafka)
    here = running.found()
    workers = list(_workers(here.health if here else {}))
    behind = lags(settings)
    balances = _ledger(settings)
    classes = _findings(settings)
    shadow = _shadow(here.health if here else {})
    if json or chosen(None) is Format.jsonl:
        print_json([*_forms(workers, behind, balances, classes), *_shadow_forms(shadow)])
        return
    columns = ("worker", "ready", "in/s#", "out/s#")
    rows = [
        (w["name"], w["ready"], f"{w['in_per_s']:.0f}", f"{w['out_per_s']:.0f}") for w in workers
    ]
    print_people(
        table("Workers on this machine", columns, rows),
        table(
            "Behind, in records",
            ("group", "topic", "lag#", "partitions#"),
            [(each.group, each.topic, each.records, each.partitions) for each in behind],
        ),
        table(
            "Bytes in the last hour, by layer", balance.LAYER_COLUMNS, balance.layer_rows(balances)
        ),
        table("Findings of the last day", ("class", "findings#"), classes.most_common()),
    )
    if shadow:
        rows_of_shadow = [tuple(form.values())[1:] for form in _shadow_forms(shadow)]
        columns = ("class", "the shadow gains#", "it loses#", "of requests#")
        print_people(table("Shadow model beside the active one", columns, rows_of_shadow))


def _forms(
    workers: list[dict[str, Any]],
    behind: list[Lag],
    balances: balance.Balances,
    classes: Mapping[str, int],
) -> Iterator[dict[str, Any]]:
    yield from workers
    for each in behind:
        yield {
            "kind": "lag", "group": each.group, "topic": each.topic, "records": each.records,
            "partitions": each.partitions,
        }  # fmt: skip
    yield from balances.forms()
    for class_, count in classes.items():
        yield {"kind": "findings", "class": class_, "count": count}


def _workers(health: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    first = {name: _metrics(address) for name, address in health.items()}
    if health:
        time.sleep(RATE_S)
    for name, address in health.items():
        now = _metrics(address)
        rates = {
            word: max(0.0, now.get(metric, 0) - first[name].get(metric, 0)) / RATE_S
            for metric, word in RATES.items()
        }
        yield {"kind": "worker", "name": name, "ready": now.get("sidetap_ready") == 1, **rates}


def _metrics(address: str) -> Counter[str]:
    """Samples by name, added up over their labels; empty where nobody answers."""
    sums: Counter[str] = Counter()
    for family in text_string_to_metric_families(answer(address, "/metrics") or ""):
        for sample in family.samples:
            sums[sample.name] += sample.value  # type: ignore[assignment]
    return sums


def _shadow(health: Mapping[str, str]) -> Counter[str]:
    """What detection counts of a shadow, since its workers began; empty: there is none."""
    counts: Counter[str] = Counter()
    for address in health.values():
        for family in text_string_to_metric_families(answer(address, "/metrics") or ""):
            for sample in family.samples:
                event = sample.labels.get("event", "")
                if sample.name == "sidetap_events_total" and event.startswith(SHADOW):
                    counts[event.removeprefix(SHADOW)] += int(sample.value)
    return counts


def _shadow_forms(counts: Counter[str]) -> Iterator[dict[str, Any]]:
    classes = {name.partition("_")[2] for name in counts} - {""}
    for class_ in sorted(classes):
        yield {
            "kind": "shadow", "class": class_, "gained": counts[f"gained_{class_}"],
            "lost": counts[f"lost_{class_}"], "requests": counts["requests"],
        }  # fmt: skip
    if counts and not classes:
        yield {
            "kind": "shadow",
            "class": "",
            "gained": 0,
            "lost": 0,
            "requests": counts["requests"],
        }


def _ledger(settings: Mapping[str, Any]) -> balance.Balances:
    balances = balance.Balances()
    since_ms = int((time.time() - LEDGER_S) * 1000)
    for message in records(settings, "ledger", since_ms=since_ms):
        try:
            balances.add(decode_as(LedgerEntry, message.value() or b""))
        except UndecodableError:
            continue  # `findings` and the dead letters tell of damaged topics.
    return balances


def _findings(settings: Mapping[str, Any]) -> Counter[str]:
    latest = found.Latest()
    since_ms = int((time.time() - FINDINGS_S) * 1000)
    for finding in found.decoded(records(settings, "findings", since_ms=since_ms)):
        latest.add(finding)
    return Counter(finding.class_ for finding in latest.all())
