"""`sidetap topics`: the broker's topics against the table, and making them so."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Annotated, Any

import typer

from schemas.topics import topics as table_of_topics
from services.cli.broker import KafkaOption, client
from services.cli.output import Format, chosen, print_json, print_people, say, table
from services.cli.refusal import CheckFailedError, RefusedError
from services.cli.who import who
from services.runtime.topics_admin import (
    Difference,
    Paused,
    TopicsError,
    apply,
    compare,
    paused,
    resume,
)

# Brokers learn of a new topic from the controller a moment after it was made.
KNOWN_S_MAX = 15.0
COLUMNS = ("topic", "partitions#", "cleanup", "as it should be", "what it carries")


def register(application: typer.Typer, name: str) -> None:
    """Add the subcommand."""
    application.command(name)(topics)


def topics(
    apply_: Annotated[bool, typer.Option("--apply", help="Create and alter.")] = False,
    resume_: Annotated[
        bool, typer.Option("--resume", help="Let partitions go on that wait for a person.")
    ] = False,
    kafka: KafkaOption = None,
    said: Annotated[Format | None, typer.Option("--format", help="jsonl or table.")] = None,
) -> None:
    """Compares the broker's topics with the table.

    The table is schemas/topics.toml; exit code 1 where they differ. The partition count of a keyed
    topic is never changed: what to do instead is said.

    \b
    Examples:
      sidetap topics
      sidetap topics --apply --kafka kafka:9092
      sidetap topics --resume
    """
    settings = client(kafka)
    try:
        if resume_:
            _resume(settings)
            return
        differences = compare(settings)
        if apply_:
            differences = made_so(settings, differences, say)
        waiting = paused(settings)
    except TopicsError as error:
        raise RefusedError(f"{error}.") from None
    _show(differences, waiting, chosen(said))
    refused = [difference.refused for difference in differences if difference.refused]
    if refused:
        raise CheckFailedError(f"{refused[0]}.")
    if differences:
        raise CheckFailedError("run `sidetap topics --apply` to make them so.")


def made_so(
    settings: Mapping[str, str], differences: Sequence[Difference], say: Callable[[str], None]
) -> list[Difference]:
    """Create and alter, and wait until every broker knows; what still differs.

    Raises TopicsError.
    """
    for line in apply(settings, differences):
        say(line)
    deadline = time.monotonic() + KNOWN_S_MAX
    while True:
        left = compare(settings)
        if time.monotonic() > deadline or all(d.refused for d in left):
            return left
        time.sleep(0.2)


def _resume(settings: dict[str, Any]) -> None:
    waiting = paused(settings)
    for each in waiting:
        say(f"{each.group} goes on with {each.topic}/{each.partition} at {each.offset}")
    resume(settings, waiting, who(), time.time_ns() // 1_000)
    if not waiting:
        say("no partition waits for a person")


def _show(differences: Sequence[Difference], waiting: Sequence[Paused], format_: Format) -> None:
    if format_ is Format.jsonl:
        print_json(_forms(differences, waiting))
        return
    by_topic = {difference.topic: difference for difference in differences}
    rows = [
        (t.name, t.partitions, t.cleanup, _words(by_topic.get(t.name)), t.doc)
        for t in table_of_topics().values()
    ]
    print_people(table("Topics", COLUMNS, rows))
    for each in waiting:
        say(
            f"{each.group} waits at {each.topic}/{each.partition}, offset {each.offset}: too many "
            "records nobody could read (see dead-letters), then `sidetap topics --resume`"
        )


def _words(difference: Difference | None) -> str:
    if difference is None:
        return "yes"
    if difference.missing:
        return "missing"
    words = [
        f"{name} is {is_}, wants {wants}" for name, (is_, wants) in difference.settings.items()
    ]
    if difference.partitions:
        words.append("{} partitions, wants {}".format(*difference.partitions))
    return "; ".join(words)


def _forms(
    differences: Sequence[Difference], waiting: Sequence[Paused]
) -> Iterator[dict[str, Any]]:
    by_topic = {difference.topic: difference for difference in differences}
    for topic in table_of_topics().values():
        difference = by_topic.get(topic.name)
        yield {
            "kind": "topic",
            "name": topic.name,
            "partitions": topic.partitions,
            "ok": difference is None,
            "missing": bool(difference and difference.missing),
            "difference": _words(difference) if difference else "",
            "refused": difference.refused if difference else "",
            "paused": [
                {"group": each.group, "partition": each.partition, "offset": each.offset}
                for each in waiting
                if each.topic == topic.name
            ],
        }
