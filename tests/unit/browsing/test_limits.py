"""Limits on trial in the core: who would have been held back, and that restarts change nothing."""

import base64
import string
from collections.abc import Sequence
from typing import Any

import orjson
import pytest

from schemas.codec import decode, encode
from schemas.types import Advice, Exchange, Finding, PolicyEntry, Watermark
from services.browsing.core import BrowsingCore
from services.browsing.limits import LIMITS_MAX
from services.runtime.core import Changes, Event, Output
from tests.traffic import exchange, run, watermark
from tests.unit.browsing.scenes import ATTACKER, Traffic, core, findings

OTHER = "198.51.100.77"
WORDS = [f"{a}{b}" for a in ("old", "new", "my", "web") for b in string.ascii_lowercase]


def entry(id_: str, kind: str = "limit", *, path: str = "", **body: Any) -> PolicyEntry:
    return PolicyEntry(
        id=id_, kind=kind, site="", host="", path=path, where="",
        body=orjson.dumps(body).decode(), by="ann", at_us=0, removed=False,
    )  # fmt: skip


LOGIN = entry("limit/login", path="/login", requests=5, seconds=60)


def taught(*entries: PolicyEntry, **settings: object) -> BrowsingCore:
    made = core(**settings)
    for offset, one in enumerate(entries):
        made.learn(Event("policy", 0, offset, one.id.encode(), encode(one)))
    return made


def logins(count: int, *, client: str = ATTACKER, path: str = "/login", **more: Any) -> Traffic:
    return [exchange(path, at_s=i, client=client, serial=i, **more) for i in range(count)]


def ended(*parts: Traffic) -> list[Exchange | Watermark]:
    return [*(one for part in parts for one in part), watermark(4_000)]


def limited(changes: Changes) -> list[Finding]:
    return [one for one in findings(changes) if one.rule == "limits.exceeded"]


def test_who_is_beyond_a_limit_has_a_finding_and_advice() -> None:
    changes = run(taught(LOGIN), ended(logins(20), logins(5, client=OTHER)))
    found = limited(changes)
    assert {one.client for one in found} == {ATTACKER}
    first, last = found[0], found[-1]
    assert (first.would_limit, first.would_block, first.would_deny) == (True, False, False)
    assert (first.kind, first.class_, first.policy_offset) == ("behaviour", "rate_limit", 0)
    # Five at once, and one more each 12 s: at 12 s.
    assert (last.state, last.count) == ("closed", 14)
    assert "limit/login" in last.summary
    advice = [decode(out.value) for out in changes.outputs if out.topic == "advice" and out.value]
    assert isinstance(advice[0], Advice)
    assert (advice[0].action, advice[0].value) == ("would_limit", ATTACKER)


def test_other_paths_do_not_count_and_without_limits_nothing_is_kept() -> None:
    assert not limited(run(taught(LOGIN), ended(logins(40, path="/search"))))
    rows = run(taught(), ended(logins(40))).rows
    assert not [row for row in rows if row.key.startswith(b"limit/")]


def test_sessions_and_users_of_one_address_are_told_apart() -> None:
    def cookie(n: int) -> list[tuple[bytes, bytes]]:
        return [(b"Cookie", b"PHPSESSID=%d" % n)]

    def basic(n: int) -> list[tuple[bytes, bytes]]:
        return [(b"Authorization", b"Basic " + base64.b64encode(b"u%d:%d" % (n % 2, n)))]

    by_session = entry("limit/s", key="session", requests=5, seconds=600)
    office = [logins(4, client=OTHER, headers=cookie(n)) for n in range(10)]
    assert not limited(run(taught(by_session), ended(*office)))
    assert limited(run(taught(by_session), ended(logins(9, headers=cookie(1)))))
    by_user = entry("limit/u", key="user", requests=5, seconds=600)
    guessed = [logins(1, headers=basic(n)) for n in range(12)]
    assert limited(run(taught(by_user), ended(*guessed)))
    assert not limited(run(taught(by_user), ended(logins(40))))


def test_trusted_and_allowed_clients_pass() -> None:
    assert not limited(run(taught(LOGIN, trusted=(f"{ATTACKER}/32",)), ended(logins(30))))
    allow = entry("list/own", "list", action="allow", networks=[ATTACKER])
    assert not limited(run(taught(LOGIN, allow), ended(logins(30))))


def test_a_denied_client_is_said_to_be_and_an_allowed_one_gets_no_advice() -> None:
    scan = [exchange(f"/{word}", 404, at_s=i / 9, client=ATTACKER) for i, word in enumerate(WORDS)]
    deny = entry("list/d", "list", action="deny", networks=["203.0.113.0/24"])
    allow = entry("list/a", "list", action="allow", networks=["203.0.113.0/24"])
    assert all(one.would_deny for one in findings(run(taught(deny), ended(scan))))
    changes = run(taught(allow), ended(scan))
    assert findings(changes)
    assert not any(one.would_deny or one.would_block for one in findings(changes))
    assert not [out for out in changes.outputs if out.topic == "advice"]


@pytest.mark.parametrize("cut", [3, 7, 14, 19])
def test_a_restart_changes_nothing(cut: int) -> None:
    traffic = ended(logins(20))
    whole = run(taught(LOGIN), traffic)
    first = run(taught(LOGIN), traffic[:cut])
    again = taught()
    again.restore([row for row in first.rows if row.value is not None])
    again.learn(Event("policy", 0, 0, b"", encode(LOGIN)))
    rest = run(again, traffic[cut:])
    assert _values([*first.outputs, *rest.outputs]) == _values(whole.outputs)


def _values(outputs: Sequence[Output]) -> list[bytes | None]:
    return [out.value for out in outputs]


def test_an_entry_of_no_known_form_is_rejected_and_its_limit_stays() -> None:
    made = taught(LOGIN, entry("limit/login", requests=0))
    changes = run(made, ended(logins(20)))
    assert [one.reason for one in changes.rejected] == [
        "limit limit/login: requests must be a number between 1 and 1000000"
    ]
    assert limited(changes)


def test_there_is_a_most_of_limits() -> None:
    many = [entry(f"limit/{n}", requests=1) for n in range(LIMITS_MAX + 1)]
    changes = run(taught(*many), ended())
    assert [one.reason for one in changes.rejected] == [
        f"limit limit/{LIMITS_MAX}: there are {LIMITS_MAX} already"
    ]


def test_taken_back_it_holds_no_more() -> None:
    gone = PolicyEntry.from_avro(LOGIN.to_avro() | {"removed": True})
    assert not limited(run(taught(LOGIN, gone), ended(logins(20))))
