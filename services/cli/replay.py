"""`sidetap replay`: the past again, beside the present, under a name of its own.

A replay has its own groups, state and outputs (`run.NAME.TOPIC`); its end is fixed when it
begins, so it ends. Export, advice and policy never see it.
"""

import json
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from confluent_kafka import ConsumerGroupTopicPartitions, TopicPartition
from confluent_kafka.admin import AdminClient

from services.cli import found, inventory
from services.cli.broker import ANSWER_S_MAX, KafkaOption, client, records, topic_names
from services.cli.comparison import EXAMPLES_MAX, changes, opened_within
from services.cli.lag import lags
from services.cli.moments import moment_us
from services.cli.output import Format, chosen, print_json, print_people, say, table
from services.cli.refusal import RefusedError, os_reason
from services.cli.replay_range import Places, Range, find
from services.cli.supervisor import Child, Supervisor
from services.detect.models import RULES, loaded
from services.runtime.topics_admin import Difference, TopicsError, apply, drop_run

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,48}")
LOOK_S = 0.5
# The last records of a replay cause others in other services; quiet for so long, it is over.
QUIET_S = 3.0
# Deleted topics are listed until every broker has heard of it.
FORGOTTEN_S_MAX = 15.0

SERVICES = ("reassembly", "detect", "browsing", "discovery")
CHANGES = ("class", "rule", "kept#", "gained#", "lost#", "other verdict#")
# What they write beside their state.
OUTPUTS = (
    "exchanges", "ledger", "encrypted", "sightings", "signals", "weaknesses", "findings",
    "endpoints", "advice", "dead-letters",
)  # fmt: skip


ModelOption = Annotated[
    str | None,
    typer.Option("--model", metavar="F", help="Decided by this model, or by `rules` alone."),
]


class Source(StrEnum):
    """Where a replay begins."""

    exchanges = "exchanges"
    packets = "packets"


def register(application: typer.Typer, name: str) -> None:
    """Add the subcommand."""
    application.command(name)(replay)


def replay(
    run: Annotated[str, typer.Option("--run", metavar="NAME", help="A name for this replay.")] = "",
    topic: Annotated[
        Source, typer.Option("--topic", help="Begin at exchanges, or at packets.")
    ] = Source.exchanges,
    from_: Annotated[
        str | None,
        typer.Option("--from", metavar="T", help="From 2026-11-22T20:00:00Z, or 2h ago."),
    ] = None,
    to: Annotated[str | None, typer.Option("--to", metavar="T", help="Up to this moment.")] = None,
    model: ModelOption = None,
    compare: Annotated[
        bool, typer.Option("--compare", help="Show what changed since: findings gained and lost.")
    ] = False,
    drop: Annotated[
        str | None, typer.Option("--drop", metavar="NAME", help="Delete all of a replay.")
    ] = None,
    kafka: KafkaOption = None,
    said: Annotated[Format | None, typer.Option("--format", help="jsonl or table.")] = None,
) -> None:
    """The past again, under another name.

    With today's code and policy. Times are packet times; its end is fixed when it begins. Findings
    are on run.NAME.findings, operations on run.NAME.endpoints.

    \b
    Examples:
      sidetap replay --topic exchanges --run tuesday --from 2026-11-24 --to 2026-11-25
      sidetap replay --run new-rules --from 7d --compare
      sidetap replay --run new-model --from 7d --model model.json --compare
      sidetap replay --drop tuesday
    """
    settings = client(kafka)
    try:
        if drop is not None:
            _drop(settings, _name(drop))
            return
        _refuse_existing(settings, _name(run))
        now_us = time.time_ns() // 1_000
        from_us, to_us = (moment_us(word, now_us) if word else None for word in (from_, to))
        wanted = find(settings, topic.value, from_us, to_us)
        _replay(settings, run, topic, wanted, _environment(model))
        if compare:
            _show_changes(settings, run, (from_us, to_us), chosen(said))
        else:
            _show(settings, run, chosen(said))
    except TopicsError as error:
        raise RefusedError(f"{error}.") from None


def _drop(settings: Mapping[str, Any], run: str) -> None:
    for line in drop_run(settings, run):
        say(f"deleted {line}")
    deadline = time.monotonic() + FORGOTTEN_S_MAX
    while any(name.startswith(f"run.{run}.") for name in topic_names(settings)):
        if time.monotonic() > deadline:
            raise RefusedError(f"Kafka still lists topics of {run}; try again in a moment.")
        time.sleep(LOOK_S)


def _name(name: str) -> str:
    if not NAME.fullmatch(name):
        raise RefusedError("a replay needs --run NAME: letters, digits, - and _.")
    return name


def _environment(model: str | None) -> dict[str, str]:
    """What the workers of the run are told beside their settings."""
    if model is None:
        return {}
    if model != RULES:
        try:
            loaded(Path(model).read_bytes())
        except OSError as error:
            raise RefusedError(f"there is no model {model!r}: {os_reason(error)}.") from error
        except ValueError as error:
            raise RefusedError(f"{model} is no model: {error}.") from error
    return {"SIDETAP_DETECT__MODEL": model if model == RULES else str(Path(model).resolve())}


def _replay(
    settings: dict[str, Any],
    run: str,
    source: Source,
    wanted: Range,
    environment: Mapping[str, str],
) -> None:
    say(f"replaying {wanted.records} records of {source} as {run}")
    services = _services(source)
    states = [f"state.{name}" for name in services]
    made = [Difference(n, missing=True) for n in (*OUTPUTS, *states) if n != source.value]
    apply(settings, made, prefix=f"run.{run}.")
    # With packets, only reassembly reads the past itself; the others follow its outputs.
    for name in services[:1] if source is Source.packets else services:
        _start_at(settings, f"run.{run}.{name}", wanted.begins)
    _work(settings, run, source, environment, wanted.ends)


def _refuse_existing(settings: Mapping[str, Any], run: str) -> None:
    if f"run.{run}.findings" in topic_names(settings):
        raise RefusedError(
            f"there is a replay {run!r} already: `sidetap replay --drop {run}` deletes it."
        )


def _start_at(settings: Mapping[str, Any], group: str, begins: Places) -> None:
    """Commit where a group shall begin, before its worker joins."""
    places = [TopicPartition(topic, number, at) for (topic, number), at in begins.items()]
    admin = AdminClient(dict(settings))
    asked = [ConsumerGroupTopicPartitions(group, places)]
    (answer,) = admin.alter_consumer_group_offsets(asked).values()
    answer.result(ANSWER_S_MAX)


def _services(source: Source) -> Sequence[str]:
    return SERVICES if source is Source.packets else SERVICES[1:]


def _work(
    settings: Mapping[str, Any],
    run: str,
    source: Source,
    environment: Mapping[str, str],
    ends: Places,
) -> None:
    """Run the workers until all that the range holds has been worked off."""
    with tempfile.TemporaryDirectory(prefix="sidetap-replay-") as name:
        folder = Path(name)
        until = folder / "until.json"
        until.write_text(json.dumps({f"{topic}/{n}": at for (topic, n), at in ends.items()}))
        supervisor = Supervisor(folder / "logs", say)
        try:
            for service in _services(source):
                command = _command(settings, run, source, service, until)
                supervisor.add(Child(service, command, environment))
            _until_quiet(settings, run, supervisor, ends)
        finally:
            supervisor.stop()


def _command(
    settings: Mapping[str, Any], run: str, source: Source, service: str, until: Path
) -> list[str]:
    return [
        sys.executable, "-m", f"services.{service}", "--kafka", settings["bootstrap.servers"],
        "--run", run, "--reads", source.value, "--until", str(until),
    ]  # fmt: skip


def _until_quiet(
    settings: Mapping[str, Any], run: str, supervisor: Supervisor, ends: Places
) -> None:
    quiet_s = time.monotonic()
    before: Mapping[str, int] = {}
    while time.monotonic() - quiet_s < QUIET_S:
        supervisor.look()
        if why := supervisor.refused():
            raise RefusedError(f"{why.rstrip('.')}.")
        now = _behind(settings, run, ends)
        if now != before or any(now.values()) or not now:
            quiet_s = time.monotonic()
        if now != before:
            say("behind: " + ", ".join(f"{group} {count}" for group, count in now.items()))
        before = now
        time.sleep(LOOK_S)


def _behind(settings: Mapping[str, Any], run: str, ends: Places) -> dict[str, int]:
    """Records that each group of the run has before it."""
    behind: Counter[str] = Counter()
    for each in lags(settings, f"run.{run}.", ends):
        behind[each.group.rpartition(".")[2]] += each.records
    return behind


def _show_changes(
    settings: Mapping[str, Any], run: str, span_us: tuple[int | None, int | None], format_: Format
) -> None:
    before, after = (
        opened_within(found.latest(records(settings, topic)).all(), *span_us)
        for topic in ("findings", f"run.{run}.findings")
    )
    made = changes(before, after)
    if format_ is Format.jsonl:
        print_json(change.form() for change in made)
        return
    title = f"{run}: {len(after)} findings, {len(before)} before"
    rows = [(c.class_, c.rule, c.kept, len(c.gained), len(c.lost), c.verdicts) for c in made]
    lines = [("gained", f) for c in made for f in c.gained[:EXAMPLES_MAX]]
    lines += [("lost", f) for c in made for f in c.lost[:EXAMPLES_MAX]]
    print_people(
        table(title, CHANGES, rows),
        table("Examples", ("", *found.COLUMNS), [(how, *found.row(f)) for how, f in lines]),
    )


def _show(settings: Mapping[str, Any], run: str, format_: Format) -> None:
    latest = found.latest(records(settings, f"run.{run}.findings"))
    known = inventory.latest(records(settings, f"run.{run}.endpoints"))
    if format_ is Format.jsonl:
        from services.cli.json_forms import endpoint_form, finding_form

        print_json(map(finding_form, latest.all()))
        print_json(map(endpoint_form, known))
        return
    print_people(
        table(f"{len(latest)} findings of {run}", found.COLUMNS, map(found.row, latest.all())),
        inventory.table_of(known),
    )
