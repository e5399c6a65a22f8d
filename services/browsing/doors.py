"""Brute force, credential stuffing, password spraying, user enumeration: one client at a door.

In:     attempts of one client with their answers, in the order of the topic.
Out:    what is tried too much: distinct secrets for one user, or distinct users.
Keeps:  one Attempts per client from its first attempt on, one Door per log-in operation.

Only distinct pairs of user and secret count: software that retries, a job with an old password
and a password manager send one pair again and again, and whoever guesses never does. A door that
lets nobody in any more is broken: while that is so, who fails there is not to blame.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace

from schemas.codec import decode_as, encode
from schemas.types import Attempts, Door, Hint, Try
from services.browsing import partials
from services.browsing.attempt import ACCEPTED, NOT_KNOWN, REFUSED, Answer, Attempt, hashed
from services.browsing.distinct import least
from services.browsing.door_findings import BRUTE_FORCE, ENUMERATION, SPRAYING, STUFFING
from services.browsing.seen import Seen
from services.browsing.settings import TRIES_MAX, Settings
from services.browsing.suspicions import Opening, Suspicions
from services.runtime.table import Table

US = 1_000_000
# Clients that tried a door within the long window, in one partition: 1 KiB each at most.
ATTEMPTS_MAX = 20_000
DOORS_MAX = 2_000
# A door that nobody tried for so long is forgotten.
DOOR_US = 7 * 86_400 * US
REFUSALS_MAX = 16
TURNED_AWAY_MAX = 16
# So often a door must have let somebody in before its letting nobody in is news.
ACCEPTED_MIN = 10
# Other clients that it turned away since.
TURNED_AWAY_MIN = 3
# And it must have let nobody in for so many of its usual pauses, which by chance happens once in
# three thousand; where they are shorter, for a second.
BROKEN_PAUSES = 8
BROKEN_US_MIN = US
PAUSES_MEANT = 8
# Nobody has so many right passwords: an answer that all of them got is a refusal.
SECRETS_OF_ONE = 3
# Spraying: so few secrets for so many users.
SPRAYED_SECRETS_MAX = 3
FEW = (2, 3)
# Of the users that a client sends, the share that must have been refused: people behind one
# address mostly get in.
MOSTLY = 0.8
# Of the users asked for, the least share that got another answer than the rest.
MINORITY = 0.1


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a client tries too much: by which rule, which of its attempts, of how many."""

    rule: str
    tries: list[Try]
    share: float


class Doors:
    """See above; one partition."""

    def __init__(self, settings: Settings, suspicions: Suspicions, send: partials.Send) -> None:
        self.attempts: Table[Attempts] = Table(
            "attempts", encode, lambda row: decode_as(Attempts, row),
            rows_max=ATTEMPTS_MAX, site=lambda row: row.site,
        )  # fmt: skip
        self.doors: Table[Door] = Table(
            "door", encode, lambda row: decode_as(Door, row),
            rows_max=DOORS_MAX, site=lambda row: row.site,
        )  # fmt: skip
        self._settings = settings
        self._suspicions = suspicions
        self._send = send

    def answered(self, seen: Seen, attempt: Attempt, answer: Answer, operation: str) -> None:
        """An attempt with its answer. `operation`: METHOD /path, masked."""
        client = f"{seen.site}/{seen.client}".encode()
        before = self.attempts.get(client)
        one = Try(
            user=attempt.user, secret=attempt.secret, answer=answer.shape,
            at_s=seen.at_us // US, outcome=answer.outcome,
        )  # fmt: skip
        tries, news = _with(before.tries if before else (), one, attempt, self._settings)
        self.attempts.put(client, Attempts(site=seen.site, tries=tries))
        door = self._door(seen, operation, one, tries)
        refused = _refused(one, door.refusals)
        told = one.outcome == ACCEPTED or (refused and not _broken(door, seen))
        if one.secret and told:
            if news:
                partials.attempted(seen, one, refused=refused, send=self._send)
            elif refused and one.at_s > _last_s(one, before):
                partials.repeated(seen, one, self._send)
        hint = Hint(
            exchange=seen.exchange, at_us=seen.at_us, value=operation[:64], status=seen.status,
            struck=False,
        )  # fmt: skip
        if self._went_on(client, one, hint, refused=refused, news=news):
            return
        verdict = judge(tries, one, door.refusals, self._settings)
        if verdict is not None and not _broken(door, seen):
            self._suspicions.open(
                _key(client, verdict.rule), verdict.rule, _opening(seen, operation, verdict), hint
            )

    def sweep(self, site: str, watermark_us: int) -> None:
        """Forget what is past."""
        past_s = watermark_us // US - self._settings.login_slow_window_s
        for _ in self.attempts.expired(
            site, lambda row: all(one.at_s < past_s for one in row.tries)
        ):
            pass
        for _ in self.doors.expired(site, lambda row: row.at_us < watermark_us - DOOR_US):
            pass

    def _went_on(self, client: bytes, one: Try, hint: Hint, *, refused: bool, news: bool) -> bool:
        """Whether a finding of this client is open, to which this belongs."""
        rules = (ENUMERATION,) if not one.secret else (BRUTE_FORCE, SPRAYING, STUFFING)
        keys = [key for rule in rules if self._suspicions.get(key := _key(client, rule))]
        for key in keys:
            struck = one.outcome == ACCEPTED and bool(one.secret)
            if news and (refused or struck or not one.secret):
                pair = _pair(one)
                self._suspicions.went_on(key, replace(hint, struck=struck), [pair], [one.user])
        return bool(keys)

    def _door(self, seen: Seen, operation: str, one: Try, tries: tuple[Try, ...]) -> Door:
        """The door after this attempt."""
        key = f"{seen.site}/{seen.host}/{operation}".encode()
        door = self.doors.get(key) or Door(
            site=seen.site, at_us=seen.at_us, accepted=0, accepted_us=seen.at_us, pause_us=0,
            turned_away=(), refusals=(),
        )  # fmt: skip
        door = replace(door, at_us=max(door.at_us, seen.at_us))
        client = hashed(b"", seen.client.encode())
        if one.outcome == ACCEPTED:
            pause_us = max(0, seen.at_us - door.accepted_us)
            door = replace(
                door, accepted=door.accepted + 1, accepted_us=seen.at_us, turned_away=(),
                pause_us=door.pause_us + (pause_us - door.pause_us) // PAUSES_MEANT,
            )  # fmt: skip
        elif client not in door.turned_away and len(door.turned_away) < TURNED_AWAY_MAX:
            door = replace(door, turned_away=(*door.turned_away, client))
        if _proves_refusal(one, tries) and one.answer not in door.refusals:
            door = replace(door, refusals=(*door.refusals, one.answer)[-REFUSALS_MAX:])
        self.doors.put(key, door)
        return door


def judge(
    tries: Iterable[Try], latest: Try, refusals: tuple[int, ...], settings: Settings
) -> Verdict | None:
    """Whether the attempts of a client are too many, in the short window or the long one."""
    for seconds, number in (
        (settings.login_window_s, settings.login_tries),
        (settings.login_slow_window_s, settings.login_slow_tries),
    ):
        within = [one for one in tries if one.at_s > latest.at_s - seconds]
        if len(within) >= number and (found := _judged(within, latest, refusals, number)):
            return found
    return None


def _judged(
    within: list[Try], latest: Try, refusals: tuple[int, ...], number: int
) -> Verdict | None:
    if not latest.secret:
        return _asked(within, number)
    refused = [one for one in within if one.secret and _refused(one, refusals)]
    of_user = [one for one in refused if one.user == latest.user]
    if len(of_user) >= number:
        return Verdict(BRUTE_FORCE, of_user, 1.0)
    users = {one.user for one in refused}
    let_in = {one.user for one in within if one.outcome == ACCEPTED}
    share = len(users) / (len(users | let_in) or 1)
    if len(users) < number or len(users) < MOSTLY * len(users | let_in):
        return None
    rule = SPRAYING if len({one.secret for one in refused}) <= SPRAYED_SECRETS_MAX else STUFFING
    return Verdict(rule, refused, share)


def _asked(within: list[Try], number: int) -> Verdict | None:
    """Users asked about without a secret, where the answers tell them apart."""
    asked = [one for one in within if not one.secret]
    users = {one.user for one in asked}
    if len(users) < number:
        return None
    answers = Counter(one.answer for one in asked).most_common()
    minority = sum(count for _, count in answers[1:]) / len(asked)
    if len(answers) < 2 or len(answers) > len(asked) / 3 or minority < MINORITY:
        return None
    return Verdict(ENUMERATION, asked, minority)


def _with(
    tries: tuple[Try, ...], one: Try, attempt: Attempt, settings: Settings
) -> tuple[tuple[Try, ...], bool]:
    """The attempts with one more, and whether it is a new pair."""
    since_s = one.at_s - settings.login_slow_window_s
    kept = [other for other in tries if other.at_s > since_s]
    known = [other for other in kept if _pair(other) == _pair(one)]
    kept = [other for other in kept if other not in known]
    if kept and not one.secret and not kept[-1].secret and kept[-1].user == attempt.begun:
        kept.pop()  # the same name, typed further
    if known:
        one = replace(one, at_s=max(one.at_s, known[0].at_s))
    if len(kept) == TRIES_MAX:
        kept.remove(_least(kept, one.user))
    return (*kept, one), not known


def _least(tries: list[Try], user: int) -> Try:
    """The attempt that gives way to one more of this user.

    Of others who were tried twice or three times the oldest, so that a few passwords for each of
    many users are still many users; else the oldest.
    """
    often = Counter(one.user for one in tries)
    few = (one for one in tries if one.user != user and often[one.user] in FEW)
    return next(few, tries[0])


def _last_s(one: Try, before: Attempts | None) -> int:
    """When the client sent this pair before."""
    tries = before.tries if before else ()
    return max((other.at_s for other in tries if _pair(other) == _pair(one)), default=0)


def _refused(one: Try, refusals: tuple[int, ...]) -> bool:
    return one.outcome == REFUSED or (one.outcome == NOT_KNOWN and one.answer in refusals)


def _proves_refusal(one: Try, tries: tuple[Try, ...]) -> bool:
    alike = {
        other.secret for other in tries if other.user == one.user and other.answer == one.answer
    }
    return one.outcome == NOT_KNOWN and len(alike) >= SECRETS_OF_ONE


def _broken(door: Door, seen: Seen) -> bool:
    """The door let people in, and has now turned everybody away for long."""
    others = [one for one in door.turned_away if one != hashed(b"", seen.client.encode())]
    pause_us = max(BROKEN_US_MIN, BROKEN_PAUSES * door.pause_us)
    return (
        door.accepted >= ACCEPTED_MIN
        and len(others) >= TURNED_AWAY_MIN
        and seen.at_us - door.accepted_us > pause_us
    )


def _pair(one: Try) -> int:
    return one.user ^ (one.secret * 0x9E3779B1 & 0xFFFFFFFF)


def _key(client: bytes, rule: str) -> bytes:
    return client + b"/" + rule.encode()


def _opening(seen: Seen, operation: str, verdict: Verdict) -> Opening:
    tries = verdict.tries
    return Opening(
        site=seen.site, application=seen.application, client=seen.client, peer=seen.peer,
        host=seen.host, endpoint=operation, subject=seen.client,
        opened_us=min(one.at_s for one in tries) * US, count=len(tries),
        distinct=least(b"", *(_pair(one) for one in tries)),
        others=least(b"", *(one.user for one in tries)),
        struck=sum(one.outcome == ACCEPTED for one in tries), share=verdict.share,
    )  # fmt: skip
