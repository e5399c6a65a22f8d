"""A denylist on trial: whom it holds, for how long, and who else is behind the address."""

from dataclasses import replace

import pytest
from sidetap_native import Exchange

from schemas import types
from schemas.codec import encode
from services.cli import shadow_denylist
from services.cli.list_trial import ListTrial
from services.cli.shadow_denylist import HOUR_US, ShadowDenylist
from services.runtime.lists import Lists
from tests.findings import PLAIN, finding
from tests.traffic import START_US, exchange
from tests.unit.runtime.test_lists import entry

NAT = PLAIN.client


def who(one: Exchange) -> str:
    assert one.request
    return (one.request.header(b"user-agent") or b"").decode()


def asked(at_s: float, agent: str, status: int = 200, client: str = NAT) -> types.Exchange:
    return exchange(
        "/", status, at_s=at_s, client=client, headers=[(b"User-Agent", agent.encode())]
    )


def of(*evidence: types.Exchange, **fields: object) -> types.Finding:
    """A finding that stands from 0 to 60 s."""
    shown = tuple(
        types.Evidence(
            exchange=one.id, at_us=one.at_us, where="", value="", raw="", rule="", weight=1.0
        )
        for one in evidence
    )
    whole = {"opened_us": START_US, "at_us": START_US + 60_000_000, "evidence": shown, **fields}
    return finding(str(fields.get("id_", "a")), **whole)


def listed(
    found: list[types.Finding], exchanges: list[types.Exchange], hours: float = 1
) -> ShadowDenylist:
    made = ShadowDenylist(found, hours, who)
    for one in exchanges:
        made.asked(Exchange(encode(one)))
    return made


def test_others_behind_the_address_are_the_cost() -> None:
    attack = asked(1, "sqlmap")
    office = [asked(5 + n, f"browser{n % 3}") for n in range(6)]
    (one,) = listed([of(attack)], [attack, asked(2, "sqlmap"), *office, asked(9, "b", 404)]).told()
    assert (one.refused, one.good) == (9, 6)
    form = one.form()
    assert (form["would_deny"], form["good"], form["others"]) == (9, 6, 3)


def test_it_ends_after_so_many_hours_and_spans_that_touch_are_one() -> None:
    again = of(opened_us=START_US + HOUR_US, at_us=START_US + HOUR_US)
    made = listed([of(), again], [asked(t, "b") for t in (-1, 0, 7_199, 7_200, 9_000)])
    (one,) = made.told()
    assert one.spans == [(START_US, START_US + 2 * HOUR_US)]
    assert one.refused == 2
    assert made.refuses(Exchange(encode(asked(30, "b"))))
    assert not made.refuses(Exchange(encode(asked(30, "b", client="192.0.2.1"))))


def test_who_would_not_be_stopped_is_on_no_list() -> None:
    found = [of(would_block=False), of(client="")]
    assert listed(found, [asked(1, "b")]).told() == []
    assert listed([of(would_block=False, would_deny=True)], []).told()


def test_an_answer_in_a_record_of_its_own_counts_and_the_request_once() -> None:
    whole = asked(3, "b")
    request = replace(whole, response=None, response_final=False)
    (one,) = listed([of()], [request, replace(whole, revision=1)]).told()
    assert (one.refused, one.good) == (1, 1)


def test_it_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shadow_denylist, "ADDRESSES_MAX", 1)
    assert listed([of(), of(client="192.0.2.1")], []).left_out == 1
    monkeypatch.setattr(shadow_denylist, "WHO_MAX", 1)
    made = listed([of()], [asked(1, "a"), asked(2, "b"), asked(3, "a")])
    assert (made.told()[0].refused, made.left_out) == (2, 1)


def test_what_lists_of_people_would_have_done() -> None:
    lists = Lists()
    lists.learn(entry(action="deny", networks=[f"{NAT}/32"], sessions=["abc"]))
    trial = ListTrial(lists)
    trial.asked(Exchange(encode(asked(1, "b"))), "")
    trial.asked(Exchange(encode(asked(1, "b", 404, client="192.0.2.1"))), "abc")
    trial.asked(Exchange(encode(asked(1, "b", client="192.0.2.1"))), "abd")
    (one,) = trial.told()
    assert one.form() == {
        "kind": "list", "action": "deny", "requests": 2, "answered": 1, "clients": 2,
    }  # fmt: skip
