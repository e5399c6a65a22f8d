"""What browsing says depends on the exchanges and their order: not on batches, nor on restarts."""

from hypothesis import given, settings
from hypothesis import strategies as st
from sidetap_native import Exchange as NativeExchange

from schemas.codec import decode_as
from schemas.types import Exchange, Finding, Watermark
from services.browsing.core import BrowsingCore
from services.browsing.distinct import EMPTY_BITMAP, EMPTY_REGISTERS, counted, marked
from services.browsing.settings import Settings
from services.runtime.core import Output, Row
from services.runtime.masking import Masker
from tests.traffic import events, exchange, halves, watermark

SMALL = Settings(
    burst_paths=4, burst_window_s=10, burst_quiet_s=60, slow_paths=6, slow_window_s=600,
    slow_quiet_s=120, shared_clients=3,
)  # fmt: skip


def core() -> BrowsingCore:
    return BrowsingCore(SMALL, Masker(b"key"), NativeExchange)


@st.composite
def traffic(draw: st.DrawFn) -> list[Exchange | Watermark]:
    """A few clients, paths and answers, out of order by less than ten minutes; some in halves."""
    records: list[Exchange | Watermark] = []
    for serial in range(draw(st.integers(1, 60))):
        at_s = serial * draw(st.sampled_from([0.1, 1, 7])) + draw(st.integers(-3, 3))
        whole = exchange(
            f"/{draw(st.sampled_from([chr(c) for c in range(97, 117)] + ['.git/a', 'admin']))}",
            draw(st.sampled_from([404, 404, 404, 200, 403])),
            at_s=at_s,
            client=f"10.0.0.{draw(st.integers(1, 4))}",
            serial=serial,
        )
        records += (
            halves(whole, repeated=draw(st.booleans())) if draw(st.integers(0, 4)) == 0 else [whole]
        )
        if draw(st.integers(0, 9)) == 0:
            late_s, released = draw(st.sampled_from([0, 0, 50, 150])), draw(st.booleans())
            records.append(watermark(at_s + late_s, released=released))
    return records


def worked(records: list[Exchange | Watermark], cuts: set[int], *, restart: bool) -> tuple[
    list[Output], dict[bytes, bytes]
]:  # fmt: skip
    """Outputs and final state, with a `take` (and a new core) at each cut."""
    running, outputs = core(), []
    stored: dict[bytes, bytes] = {}
    for i, event in enumerate(events(records)):
        running.feed([event])
        if i in cuts or i == len(records) - 1:
            changes = running.take()
            outputs += changes.outputs
            for row in changes.rows:
                stored.pop(row.key, None)  # the changelog's order is that of last writes
                if row.value is not None:
                    stored[row.key] = row.value
            if restart:
                running = core()
                running.restore([Row(key, value) for key, value in stored.items()])
    return outputs, stored


@settings(max_examples=60, deadline=None)
@given(traffic(), st.sets(st.integers(0, 80)))
def test_batches_and_restarts_change_nothing(
    records: list[Exchange | Watermark], cuts: set[int]
) -> None:
    whole = worked(records, set(), restart=False)
    assert worked(records, cuts, restart=False) == whole
    assert worked(records, cuts, restart=True) == whole
    told = [
        decode_as(Finding, one.value) for one in whole[0] if one.value and one.topic == "findings"
    ]
    assert len({(one.id, one.revision) for one in told}) == len(told)


@given(st.lists(st.integers(0, 2**32 - 1), max_size=200), st.randoms())
def test_sketches_know_no_order(hashes: list[int], random: object) -> None:
    mixed = sorted(hashes, key=lambda _: random.random())  # type: ignore[attr-defined]
    registers, bitmap = EMPTY_REGISTERS, EMPTY_BITMAP
    others, other = EMPTY_REGISTERS, EMPTY_BITMAP
    for one, two in zip(hashes, mixed, strict=True):
        registers, bitmap = counted(registers, one), marked(bitmap, one)
        others, other = counted(others, two), marked(other, two)
    assert (registers, bitmap) == (others, other)
