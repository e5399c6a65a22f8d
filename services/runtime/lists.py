"""Lists of addresses and sessions that people keep: who a gate would let in, and whom it would not.

In:     PolicyEntry records of kind "list".
Out:    what a gate would do with a client, or with a session, at a moment of packet time.
Keeps:  the entries by id, and their networks by length, so that one look-up costs a few hashes.

The scope is site and host; the body is JSON: `action` (allow, deny or grey), `networks` (addresses
and subnets), `sessions` (ids as `sidetap sessions` shows them) and `until_us`, packet time at
which the entry ends; 0 or none: never. Allow goes before deny, and deny before grey.
"""

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Literal

import orjson

from schemas.types import Finding, PolicyEntry

KIND = "list"
# One entry fits a record of the topic; a reputation feed has some 50,000.
MEMBERS_MAX = 100_000
ENTRIES_MAX = 1_000
ACTIONS = ("allow", "deny", "grey")
FIELDS = frozenset(("action", "networks", "sessions", "until_us"))

Action = Literal["allow", "deny", "grey", ""]
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One list, checked."""

    site: str
    host: str
    action: Action
    until_us: int
    networks: dict[tuple[int, int], frozenset[int]]
    """By version and prefix length: the networks' first bits as numbers."""
    sessions: frozenset[str]

    def holds(self, site: str, host: str, at_us: int) -> bool:
        """Whether it is in force there and then."""
        return (
            self.site in ("", site)
            and self.host in ("", host)
            and (not self.until_us or at_us < self.until_us)
        )

    def has(self, version: int, number: int) -> bool:
        """Whether an address stands in it."""
        bits = 32 if version == 4 else 128
        return any(
            of == version and number >> (bits - length) in known
            for (of, length), known in self.networks.items()
        )


class Lists:
    """All entries in force."""

    def __init__(self) -> None:
        self._entries: dict[str, Entry] = {}

    def __bool__(self) -> bool:
        return bool(self._entries)

    def learn(self, entry: PolicyEntry) -> None:
        """Take in one entry; a later one of the same id replaces it.

        Raises ValueError, in one sentence, where it is of no known form or there are too many;
        what was in force before stays so.
        """
        if entry.kind != KIND:
            return
        if entry.removed:
            self._entries.pop(entry.id, None)
        elif entry.id in self._entries or len(self._entries) < ENTRIES_MAX:
            self._entries[entry.id] = parsed(entry)
        else:
            raise ValueError(f"list {entry.id}: there are {ENTRIES_MAX} already")

    def action(self, site: str, host: str, client: str, at_us: int, session: str = "") -> Action:
        """What is said of a client or of a session's id; empty: nothing."""
        here = [one for one in self._entries.values() if one.holds(site, host, at_us)]
        if not here:
            return ""
        said = {one.action for one in here if session and session in one.sessions}
        try:
            address = ipaddress.ip_address(client)
        except ValueError:  # a name or nobody: no network has it
            pass
        else:
            mapped = getattr(address, "ipv4_mapped", None) or address
            said |= {one.action for one in here if one.has(mapped.version, int(mapped))}
        first: tuple[Action, ...] = ("allow", "deny", "grey")
        return next((action for action in first if action in said), "")

    def gated(self, finding: Finding) -> Finding:
        """The finding with what a gate that keeps these lists would have done.

        Who is allowed passes whatever he does; of who is grey a gate blocks all attacks, those
        below the score too.
        """
        if not self._entries or not finding.client or finding.kind not in ("attack", "behaviour"):
            return finding
        action = self.action(finding.site, finding.host, finding.client, finding.at_us)
        if action == "allow":
            return replace(finding, would_block=False, would_limit=False, would_deny=False)
        if action == "deny":
            return replace(finding, would_deny=True)
        if action == "grey" and finding.kind == "attack":
            return replace(finding, would_block=True)
        return finding


def parsed(entry: PolicyEntry) -> Entry:
    """The entry's scope and body. Raises ValueError where the body is of no known form."""
    try:
        body = orjson.loads(entry.body or "{}")
    except orjson.JSONDecodeError as error:
        raise ValueError(f"list {entry.id}: its body is no JSON") from error
    if not isinstance(body, dict) or not body.keys() <= FIELDS or body.get("action") not in ACTIONS:
        raise ValueError(f'list {entry.id}: its body is not {{"action": "deny", "networks": […]}}')
    members = [*_texts(entry.id, body, "networks"), *_texts(entry.id, body, "sessions")]
    if len(members) > MEMBERS_MAX:
        raise ValueError(f"list {entry.id}: has more than {MEMBERS_MAX} members")
    until_us = body.get("until_us", 0)
    if not isinstance(until_us, int):
        raise ValueError(f"list {entry.id}: until_us is no number")
    try:
        networks = [network(one) for one in body.get("networks", ())]
    except ValueError as error:
        raise ValueError(f"list {entry.id}: {error}") from error
    return Entry(
        site=entry.site, host=entry.host, action=body["action"], until_us=until_us,
        networks=_by_length(networks), sessions=frozenset(body.get("sessions", ())),
    )  # fmt: skip


def network(said: str) -> Network:
    """An address or subnet as people write it. Raises ValueError."""
    return ipaddress.ip_network(said.strip(), strict=False)


def _texts(id_: str, body: dict[str, Any], name: str) -> list[str]:
    value = body.get(name, [])
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise ValueError(f"list {id_}: {name} is no list of texts")
    return value


def _by_length(networks: Iterable[Network]) -> dict[tuple[int, int], frozenset[int]]:
    made: dict[tuple[int, int], set[int]] = {}
    for one in networks:
        number = int(one.network_address) >> (one.max_prefixlen - one.prefixlen)
        made.setdefault((one.version, one.prefixlen), set()).add(number)
    return {key: frozenset(numbers) for key, numbers in made.items()}
