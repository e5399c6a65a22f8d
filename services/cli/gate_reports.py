"""`sidetap report limits` and `denylist`: what a gate would have done with what was kept."""

from collections.abc import Iterable, Mapping
from typing import Any

from schemas.types import Finding, PolicyEntry
from services.browsing import rate_limit
from services.cli import found
from services.cli.broker import records
from services.cli.limit_trial import LimitTrial, Proposal, Trial
from services.cli.list_trial import ListTrial
from services.cli.output import Format, print_json, print_people, say, table
from services.cli.policy_entries import in_force
from services.cli.recorded_requests import Requests, exchanges, inventory
from services.cli.shadow_denylist import Listed, ShadowDenylist
from services.runtime.lists import Lists
from services.runtime.mask_key import mask_key
from services.runtime.masking import Masker

Settings = Mapping[str, Any]

LIMITS = (
    "id", "host", "path", "limit", "requests#", "would refuse#", "of good#", "would delay#",
    "whose#",
)  # fmt: skip
PROPOSALS = (
    "host", "operation", "a minute#", "middle#", "most#", "good#", "would refuse#", "share#",
    "not good#", "would refuse#",
)  # fmt: skip
LISTS = ("action", "requests#", "below 400#", "clients#")
DENIED = ("client", "site", "classes", "hours#", "would deny#", "good#", "others#")
ROWS_MAX = 200  # More than anybody reads in a terminal; JSON lines give all.


def limits(
    settings: Settings, *, since_us: int, host: str | None, by: str, hours: float, format_: Format
) -> None:
    """Limits in force, and proposed, with what each would have refused."""
    entries = in_force(settings).values()
    trial = LimitTrial(_limits(entries), by)
    requests = Requests(inventory(records(settings, "endpoints")), Masker(mask_key(None)))
    listed = ShadowDenylist(_findings(settings, since_us), hours, requests.who)
    messages = records(settings, "exchanges", since_ms=since_us // 1_000)
    for exchange in exchanges(messages, since_us, host):
        asked = requests.asked(exchange, good=not listed.refuses(exchange))
        if asked is not None:
            trial.asked(asked)
    _say_left_out(trial.left_out)
    trials, proposals = trial.trials(), trial.proposals()
    if format_ is Format.jsonl:
        print_json([*(one.form() for one in trials), *(one.form() for one in proposals)])
        return
    if trials:
        print_people(table(f"{len(trials)} limits on trial", LIMITS, map(_limit_row, trials)))
    title = f"proposed for {len(proposals)} operations, requests a minute by {by}"
    print_people(table(title, PROPOSALS, map(_proposal_row, proposals[:ROWS_MAX])))


def denylist(
    settings: Settings, *, since_us: int, host: str | None, hours: float, format_: Format
) -> None:
    """Whom findings would deny for so long, at whose cost; and what people's lists would do."""
    lists = Lists()
    for entry in in_force(settings).values():
        _learned(lists, entry)
    requests = Requests(inventory(()), Masker(mask_key(None)))
    listed = ShadowDenylist(_findings(settings, since_us), hours, requests.who)
    trial = ListTrial(lists)
    messages = records(settings, "exchanges", since_ms=since_us // 1_000)
    for exchange in exchanges(messages, since_us, host):
        listed.asked(exchange)
        if lists and exchange.request is not None and not exchange.revision:
            trial.asked(exchange, requests.who(exchange))
    _say_left_out(listed.left_out)
    told, by_list = listed.told(), trial.told()
    if format_ is Format.jsonl:
        print_json([*(one.form() for one in told), *(one.form() for one in by_list)])
        return
    refused, good = sum(one.refused for one in told), sum(one.good for one in told)
    title = f"{len(told)} addresses, {refused} requests would be denied, {good} of them good"
    print_people(table(title, DENIED, map(_denied_row, told[:ROWS_MAX])))
    if by_list:
        rows = [(one.action, one.requests, one.answered, len(one.clients)) for one in by_list]
        print_people(table("lists of people's", LISTS, rows))


def _findings(settings: Settings, since_us: int) -> Iterable[Finding]:
    kept = found.latest(records(settings, "findings")).all()
    return (finding for finding in kept if finding.at_us >= since_us)


def _limits(entries: Iterable[PolicyEntry]) -> list[rate_limit.RateLimit]:
    made = []
    for entry in entries:
        if entry.kind != rate_limit.KIND:
            continue
        try:
            made.append(rate_limit.parsed(entry))
        except ValueError as error:
            say(f"sidetap: {error}.")
    return made


def _learned(lists: Lists, entry: PolicyEntry) -> None:
    try:
        lists.learn(entry)
    except ValueError as error:
        say(f"sidetap: {error}.")


def _say_left_out(count: int) -> None:
    if count:
        say(f"sidetap: {count} are left out; narrow it down with --since or --host.")


def _limit_row(one: Trial) -> tuple[object, ...]:
    return (
        one.limit.id, one.limit.host, one.limit.path, str(one.limit), one.requests, one.refused,
        one.refused_good, one.waited, one.keys,
    )  # fmt: skip


def _proposal_row(one: Proposal) -> tuple[object, ...]:
    return (
        one.host, one.operation, one.per_minute, one.half, one.most, one.good, one.refused_good,
        f"{one.refused_good / one.good:.3%}", one.others, one.refused_others,
    )  # fmt: skip


def _denied_row(one: Listed) -> tuple[object, ...]:
    form = one.form()
    return (
        one.client, one.site, " ".join(sorted(one.classes)), form["hours"], one.refused, one.good,
        form["others"],
    )  # fmt: skip
