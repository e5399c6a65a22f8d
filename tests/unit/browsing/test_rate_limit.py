"""Buckets against what their definitions say."""

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.types import LimitLevel, PolicyEntry
from services.browsing.rate_limit import RateLimit, parsed

SECOND_US = 1_000_000


def entry(body: str) -> PolicyEntry:
    return PolicyEntry(
        id="limit/a", kind="limit", site="", host="", path="", where="", body=body, by="", at_us=0,
        removed=False,
    )  # fmt: skip


def limit(**body: Any) -> RateLimit:
    return parsed(entry(orjson.dumps(body).decode()))


def became(one: RateLimit, times: list[float]) -> list[str]:
    level: LimitLevel | None = None
    made = []
    for at_s in times:
        level, what = one.asked(level, "default", round(at_s * SECOND_US))
        made.append(what)
    return made


def test_a_token_bucket_lets_the_burst_through_and_then_the_rate() -> None:
    one = limit(requests=10, seconds=10, burst=3)
    assert became(one, [0, 0, 0, 0, 0.5, 1, 1.1, 9, 9, 9, 9]) == [
        "passed", "passed", "passed", "refused", "refused", "passed", "refused", "passed",
        "passed", "passed", "refused",
    ]  # fmt: skip


def test_a_leaky_bucket_has_those_wait_that_it_has_room_for() -> None:
    one = limit(requests=1, seconds=1, burst=2, algorithm="leaky_bucket")
    assert became(one, [0, 0, 0, 0, 1, 1, 10]) == [
        "passed", "waited", "waited", "refused", "waited", "refused", "passed",
    ]  # fmt: skip
    strict = limit(requests=1, seconds=1, algorithm="leaky_bucket")
    assert became(strict, [0, 0.9, 1, 2]) == ["passed", "refused", "passed", "passed"]


def test_a_request_told_late_counts_at_the_latest_time() -> None:
    one = limit(requests=1, seconds=10, burst=1)
    assert became(one, [20, 5, 29.9, 30]) == ["passed", "refused", "refused", "passed"]


@given(
    st.integers(1, 20), st.integers(1, 60), st.integers(1, 30),
    st.lists(st.integers(0, 120_000), max_size=200),
)  # fmt: skip
def test_no_more_passes_than_burst_and_rate_allow_in_any_span(
    requests: int, seconds: int, burst: int, times_ms: list[int]
) -> None:
    one = limit(requests=requests, seconds=seconds, burst=burst)
    times = sorted(ms / 1_000 for ms in times_ms)
    passed = [at for at, what in zip(times, became(one, times), strict=True) if what == "passed"]
    for first, since in enumerate(passed):
        for last in range(first, len(passed)):
            allowed = burst + (passed[last] - since) * requests / seconds
            assert last - first + 1 <= allowed + 1e-6


@pytest.mark.parametrize(
    "body",
    [
        "", "{", "[]", '{"requests": 0}', '{"requests": true}', '{"requests": 1, "seconds": 0}',
        '{"requests": 1, "key": "shoe"}', '{"requests": 1, "algorithm": "sieve"}',
        '{"requests": 1, "burst": 0}', '{"requests": 1, "more": 1}', '{"requests": 1e9}',
    ],
)  # fmt: skip
def test_what_is_of_no_known_form_is_said_in_one_sentence(body: str) -> None:
    with pytest.raises(ValueError, match=r"^limit limit/a: "):
        parsed(entry(body))


def test_scope() -> None:
    one = parsed(PolicyEntry.from_avro(entry('{"requests": 5}').to_avro() | {"path": "/login"}))
    assert one.covers("any", "any", "/login/x")
    assert not one.covers("any", "any", "/")
    assert str(one) == "5 in 1 s by address"
