"""Forced browsing: one client asking for many things that are not there.

In:     answered requests of one client, in the order of the topic.
Out:    Finding revisions and Advice.
Keeps:  a Walk from the client's first miss on, an Episode while a finding is open.
"""

from dataclasses import dataclass, replace

from schemas.types import Advice, ClosedFinding, Episode, Finding, FindingState, Walk
from services.browsing import episode as episodes
from services.browsing import walk as walks
from services.browsing.lost import Neighbours
from services.browsing.paths import Kind, kind
from services.browsing.seen import Seen
from services.browsing.settings import Settings
from services.runtime.masking import Masker

Told = tuple[Finding | Advice, ...]
# Position of the policy topic: this service does not read it yet.
NO_POLICY = -1


@dataclass(frozen=True, slots=True)
class Client:
    """What is known of one client."""

    walk: Walk | None = None
    episode: Episode | None = None


@dataclass(frozen=True, slots=True)
class Rules:
    """What judges."""

    settings: Settings
    masker: Masker


def step(client: Client, seen: Seen, rules: Rules, neighbours: Neighbours) -> tuple[Client, Told]:
    """One answered request. The same client object comes back when nothing changed."""
    if not seen.missing:
        return _found(client, seen, rules)
    weight = seen.weight
    if not weight:
        return client, ()
    walk = walks.missed(client.walk, seen, weight, rules.settings)
    if client.episode is None:
        return _judged(walk, seen, rules, neighbours)
    episode = episodes.went_on(client.episode, walk, seen, rules.masker)
    return _tell(Client(walk, episode), client.episode, seen.at_us, rules)


def close(episode: Episode, at_us: int) -> Finding:
    """The last revision of a finding whose client went quiet."""
    return episodes.finding(episodes.told(episode, at_us), "closed", NO_POLICY)


def reopened(
    walk: Walk | None, episode: Episode, closed: ClosedFinding, rules: Rules
) -> tuple[Client, Told]:
    """An episode that opened under the id of a closed finding: that one's next revision."""
    episode = replace(
        episode,
        revision=closed.revision + 1,
        opened_us=min(episode.opened_us, closed.opened_us),
        count=closed.count + episode.count,
    )
    return Client(walk, episode), _outputs(episode, "updated", rules.settings)


def _found(client: Client, seen: Seen, rules: Rules) -> tuple[Client, Told]:
    if client.walk is None:
        return client, ()
    walk = walks.found(client.walk, seen, rules.settings)
    struck = 200 <= seen.status < 300 and kind(seen.path) is Kind.FORGOTTEN
    if client.episode is None or not struck:
        return (client if walk is client.walk else replace(client, walk=walk)), ()
    episode = episodes.struck(client.episode, seen, rules.masker)
    return _tell(Client(walk, episode), client.episode, seen.at_us, rules)


def _judged(walk: Walk, seen: Seen, rules: Rules, neighbours: Neighbours) -> tuple[Client, Told]:
    verdict = walks.judge(walk, seen.at_us, rules.settings, neighbours)
    if verdict is None:
        return Client(walk), ()
    # What this client missed itself is not the normal to hold against it.
    normal = neighbours.normal(seen.site, without=verdict.paths)
    episode = episodes.opened(walk, seen, verdict, normal, rules.masker)
    told = _outputs(episode, "open", rules.settings)
    return Client(walk, episode), told


def _tell(client: Client, before: Episode, at_us: int, rules: Rules) -> tuple[Client, Told]:
    episode = client.episode
    assert episode is not None, "only an open finding goes on"
    if not episodes.worth_telling(episode, before, rules.settings):
        return client, ()
    episode = episodes.told(episode, at_us)
    return replace(client, episode=episode), _outputs(episode, "updated", rules.settings)


def _outputs(episode: Episode, state: FindingState, settings: Settings) -> Told:
    found = episodes.finding(episode, state, NO_POLICY)
    return (found, episodes.denial(episode, settings)) if found.would_block else (found,)
