"""Limits over what was recorded: in force, and proposed."""

import random
from collections import Counter
from collections.abc import Iterable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.browsing.rate_limit import RateLimit
from services.cli import limit_trial
from services.cli.limit_trial import Asked, LimitTrial, least_limit, refused_by

SECOND_US = 1_000_000
BY_HOST = RateLimit(id="limit/h", key="host", path="/a", requests=6, seconds=60, burst=6)


def asked(client: str, at_s: float, *, path: str = "/a", good: bool = True) -> Asked:
    names = {"address": client.encode(), "host": b"h"}
    at_us = round(at_s * SECOND_US)
    return Asked("default", "h", path, f"GET {path}", at_us, good, names.get)


def people(count: int, each: int) -> Iterator[Asked]:
    """So many, each so often in a minute of its own choosing."""
    for n in range(count):
        for i in range(each):
            yield asked(f"p{n}", n * 60 + i)


def trial(requests: Iterable[Asked], *limits: RateLimit) -> LimitTrial:
    made = LimitTrial(limits, "address")
    for one in requests:
        made.asked(one)
    return made


def test_what_many_addresses_share_is_limited_in_order_of_time_whatever_order_it_comes_in() -> None:
    requests = [*(asked(f"c{n}", n, good=n < 8) for n in range(10)), asked("c", 5, path="/b")]
    random.Random(1).shuffle(requests)
    (made,) = trial(requests, BY_HOST).trials()
    assert (made.requests, made.good, made.refused, made.refused_good) == (10, 8, 4, 2)
    assert made.keys == 1


def test_whose_request_is_not_known_does_not_count() -> None:
    by_user = RateLimit(id="limit/u", key="user", requests=1, seconds=60, burst=1)
    (made,) = trial([asked("c", n) for n in range(9)], by_user).trials()
    assert made.requests == 0


def test_a_proposal_lets_good_clients_be_and_says_what_it_costs() -> None:
    guesses = [asked("evil", n / 10, good=False) for n in range(600)]
    (made,) = trial([*people(40, 3), *guesses]).proposals()
    assert (made.operation, made.per_minute, made.half, made.most) == ("GET /a", 3, 3, 3)
    assert (made.good, made.refused_good) == (120, 0)
    assert (made.others, made.refused_others) == (600, 597)
    assert made.form()["share"] == 0


def test_from_few_people_nothing_is_learned() -> None:
    assert trial(people(limit_trial.KEYS_MIN - 1, 3)).proposals() == []


def test_a_rare_busy_client_is_what_the_share_is_for() -> None:
    busy = [asked("batch", n / 10) for n in range(60)]
    (strict,) = trial([*people(2_000, 3), *busy]).proposals(0.0)
    (usual,) = trial([*people(2_000, 3), *busy]).proposals(0.005)
    assert strict.per_minute == 60
    assert usual.per_minute < 60
    assert 0 < usual.refused_good <= 0.005 * usual.good


@given(st.dictionaries(st.integers(1, 50), st.integers(1, 40), min_size=1), st.floats(0, 1))
def test_the_least_limit_is_the_least(minutes: dict[int, int], share: float) -> None:
    counted = Counter(minutes)
    limit = least_limit(counted, share)
    allowed = share * sum(count * times for count, times in minutes.items())
    assert refused_by(limit, counted) <= allowed
    assert limit == 1 or refused_by(limit - 1, counted) > allowed


def test_what_is_beyond_the_bounds_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limit_trial, "CELLS_MAX", 2)
    monkeypatch.setattr(limit_trial, "TIMES_MAX", 4)
    made = trial((asked(f"c{n}", n) for n in range(5)), BY_HOST)
    assert made.left_out == 3 + 1
