"""An open finding: what happens to it from its opening to its end.

In:     the verdict that opens it, further requests of the client, the watermark.
Out:    Finding revisions, and Advice beside them.
Keeps:  one Episode per client under suspicion.
"""

from dataclasses import replace
from functools import reduce

from schemas.ids import finding_id
from schemas.types import Advice, Episode, Evidence, Finding, FindingState, Sample, Severity, Walk
from services.browsing.distinct import EMPTY_REGISTERS, counted, register_count
from services.browsing.paths import Kind, kind
from services.browsing.seen import WEIGHTS, Seen
from services.browsing.settings import MISSES_MAX, Settings
from services.browsing.walk import BURST, US, Verdict
from services.runtime.masking import Masker

# Findings of one client that open in the same minute are one.
BUCKET_US = 60 * US
# The first and the latest misses, and one that was found: more would push a client over 2 KiB.
FIRST_MAX = 2
LATEST_MAX = 2
PATH_CHARACTERS_MAX = 64


def opened(walk: Walk, seen: Seen, verdict: Verdict, normal: float, masker: Masker) -> Episode:
    """The episode that a verdict begins."""
    return Episode(
        finding=finding_id(
            verdict.rule, f"{seen.site}/{seen.client}", verdict.opened_us, BUCKET_US
        ),
        rule=verdict.rule,
        revision=0,
        site=seen.site,
        application=seen.application,
        client=seen.client,
        peer=seen.peer,
        host=seen.host,
        opened_us=verdict.opened_us,
        told_us=seen.at_us,
        told_paths=verdict.paths,
        last_us=seen.at_us,
        count=verdict.paths,
        paths=verdict.paths,
        likely=verdict.likely,
        found=0,
        share=verdict.share,
        normal=normal,
        distinct=reduce(counted, (miss.path for miss in walk.misses), EMPTY_REGISTERS),
        samples=(sample(seen, masker),),
    )


def went_on(episode: Episode, walk: Walk, seen: Seen, masker: Masker) -> Episode:
    """The episode after another miss, which the walk has taken in."""
    misses = (*_misses(episode), sample(seen, masker))
    shown = (*misses[:FIRST_MAX], *misses[FIRST_MAX:][-LATEST_MAX:])
    distinct = counted(episode.distinct, seen.path_hash)
    return replace(
        episode,
        last_us=max(episode.last_us, seen.at_us),
        count=episode.count + 1,
        paths=max(episode.paths, _paths(episode, walk, distinct)),
        likely=episode.likely + (kind(seen.path) is Kind.FORGOTTEN),
        distinct=distinct,
        samples=(*shown, *_found(episode)),
    )


def struck(episode: Episode, seen: Seen, masker: Masker) -> Episode:
    """The episode after a path that wordlists have was there."""
    found = _found(episode) or (replace(sample(seen, masker), weight=0),)
    return replace(episode, found=episode.found + 1, samples=(*_misses(episode), *found))


def sample(seen: Seen, masker: Masker) -> Sample:
    """One exchange as evidence, masked and shortened."""
    text = masker.target(seen.path.decode("utf-8", "backslashreplace"))
    return Sample(
        exchange=seen.exchange,
        at_us=seen.at_us,
        path=text[:PATH_CHARACTERS_MAX],
        status=seen.status,
        weight=WEIGHTS[kind(seen.path)],
    )


def _misses(episode: Episode) -> tuple[Sample, ...]:
    return tuple(one for one in episode.samples if one.weight)


def _found(episode: Episode) -> tuple[Sample, ...]:
    return tuple(one for one in episode.samples if not one.weight)


def _paths(episode: Episode, walk: Walk, distinct: bytes) -> int:
    if len(walk.misses) < MISSES_MAX:
        return sum(miss.at_s * US >= episode.opened_us for miss in walk.misses)
    # An estimate above what was asked at all would be absurd.
    return min(register_count(distinct), episode.count + 1)


def worth_telling(episode: Episode, before: Episode, rules: Settings) -> bool:
    """Whether people should hear of it again: first success, doubled, or a while ago."""
    if episode.found and not before.found:
        return True
    every_s = rules.burst_update_s if episode.rule == BURST else rules.slow_update_s
    doubled = episode.paths >= 2 * episode.told_paths
    return doubled or episode.last_us >= episode.told_us + every_s * US


def told(episode: Episode, at_us: int) -> Episode:
    """The episode with its next revision."""
    return replace(episode, revision=episode.revision + 1, told_us=at_us, told_paths=episode.paths)


def quiet(episode: Episode, watermark_us: int, rules: Settings) -> bool:
    """Whether the client has not missed anything for long."""
    quiet_s = rules.burst_quiet_s if episode.rule == BURST else rules.slow_quiet_s
    return watermark_us - episode.last_us > quiet_s * US


def confidence(episode: Episode) -> float:
    """0 to 1: half for crossing the threshold, the rest for share, wordlist names and size."""
    likely = min(1.0, episode.likely / max(episode.count, 1) * 4)
    size = min(1.0, episode.paths / 200)
    return round(0.5 + 0.2 * episode.share + 0.2 * likely + 0.1 * size, 3)


def finding(episode: Episode, state: FindingState, policy_offset: int) -> Finding:
    """The episode as people see it."""
    return Finding(
        id=episode.finding,
        revision=episode.revision,
        state=state,
        kind="behaviour",
        class_="forced_browsing",
        rule=episode.rule,
        title=f"Forced browsing by {episode.client}",
        summary=_summary(episode),
        advice=_advice(episode),
        severity=_severity(episode),
        confidence=confidence(episode),
        site=episode.site,
        application=episode.application,
        client=episode.client,
        peer=episode.peer,
        host=episode.host,
        endpoint="",
        subject=episode.client,
        opened_us=episode.opened_us,
        at_us=episode.told_us,
        count=episode.count,
        would_block=_would_block(episode),
        evidence=tuple(_evidence(episode, one) for one in episode.samples),
        cwe=("CWE-425",),
        capec=("CAPEC-87",),
        attack=("T1595.003",),
        owasp=("A01:2021",),
        policy_offset=policy_offset,
        would_deny=_would_block(episode),
    )


def denial(episode: Episode, rules: Settings) -> Advice:
    """What an inline gate would do about the client."""
    return Advice(
        id=f"would_deny/{episode.client}/{episode.site}",
        action="would_deny",
        value=episode.client,
        scope=episode.site,
        reason=_summary(episode),
        finding=episode.finding,
        at_us=episode.told_us,
        expires_us=episode.told_us + rules.advice_s * US,
        removed=False,
    )


def _would_block(episode: Episode) -> bool:
    # A slow walk alone is a suspicion: nobody should lose an address over it unless names that
    # only wordlists have were among its paths.
    return episode.rule == BURST or episode.likely > 0


def _severity(episode: Episode) -> Severity:
    if episode.found:
        return "high"
    return "medium" if episode.likely else "low"


def _summary(episode: Episode) -> str:
    seconds = max(1, (episode.last_us - episode.opened_us) // US)
    normal = "" if episode.normal < 0 else f"; {episode.normal:.1%} of requests is normal here"
    text = (
        f"{episode.paths} distinct missing paths in {seconds} s,"
        f" {episode.share:.0%} of the paths asked for when it began{normal}."
    )
    if episode.likely:
        text += f" {episode.likely} requests were for names that wordlists have."
    if episode.found:
        text += f" {episode.found} of such names were there."
    return text


def _advice(episode: Episode) -> str:
    if episode.found:
        return "Look at what was found first: it should perhaps not be there for everyone."
    if _would_block(episode):
        return "Nothing of note was found. A gate would deny the client for a while."
    return "Look at the paths: a broken link list or a slow scan. A gate would only watch."


def _evidence(episode: Episode, one: Sample) -> Evidence:
    return Evidence(
        exchange=one.exchange,
        at_us=one.at_us,
        where="path",
        value=one.path,
        raw=f"{one.status} {one.path}",
        rule=episode.rule if one.weight else f"{episode.rule}.found",
        weight=min(1.0, one.weight / 8) if one.weight else 1.0,
    )
