"""Table: a restored one is the same as one that never stopped."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.codec import decode_as, encode
from schemas.types import HostLimit, LimitLevel, LostPath, SiteShare
from services.runtime.core import Row
from services.runtime.table import RowError, Table, restore


def table(rows_max: int = 100) -> Table[int]:
    return Table("n", lambda v: str(v).encode(), lambda b: int(b), rows_max=rows_max)


def test_rows_are_decoded_on_touch_only() -> None:
    decoded: list[bytes] = []
    lazy: Table[bytes] = Table("n", bytes, lambda b: decoded.append(b) or b, rows_max=9)  # type: ignore[func-returns-value]
    restore([Row(b"n/a", b"1"), Row(b"n/b", b"2")], lazy)
    assert decoded == []
    assert lazy.get(b"a") == b"1"
    assert decoded == [b"1"]


def test_take_gives_what_changed_once() -> None:
    t = table()
    t.put(b"a", 1)
    t.put(b"b", 2)
    t.put(b"a", 3)
    assert t.take() == [Row(b"n/b", b"2"), Row(b"n/a", b"3")]
    assert t.take() == []


def test_a_row_that_was_never_stored_needs_no_tombstone() -> None:
    t = table()
    t.put(b"a", 1)
    t.delete(b"a")
    assert t.take() == []


def test_a_row_deleted_written_and_deleted_again_is_still_buried() -> None:
    t = table()
    restore([Row(b"n/a", b"1")], t)
    t.delete(b"a")
    t.put(b"a", 2)
    t.delete(b"a")
    assert t.take() == [Row(b"n/a", None)]
    assert t.get(b"a") is None


def test_at_the_limit_the_row_written_longest_ago_gives_way() -> None:
    t = table(rows_max=2)
    t.put(b"a", 1)
    t.put(b"b", 2)
    t.put(b"a", 3)
    assert t.put(b"c", 4) == (b"b", 2)
    assert (len(t), t.evicted) == (2, 1)


def test_expired_stops_at_the_first_young_row() -> None:
    t = table()
    for key, at in ((b"a", 1), (b"b", 5), (b"c", 2)):
        t.put(key, at)
    assert list(t.expired("", lambda at: at < 3)) == [(b"a", 1)]
    assert list(t.items()) == [(b"b", 5), (b"c", 2)]


def by_site() -> Table[LostPath]:
    return Table(
        "n", encode, lambda row: decode_as(LostPath, row), rows_max=9, site=lambda row: row.site
    )


@pytest.mark.parametrize("restarted", [False, True])
def test_a_site_whose_time_stands_still_keeps_no_row_of_another(restarted: bool) -> None:
    t = by_site()
    for key, site, at_us in ((b"a", "still", 1), (b"b", "s", 1), (b"c", "s", 2), (b"d", "s", 9)):
        t.put(key, LostPath(site=site, at_us=at_us, clients=()))
    t.put(b"b", LostPath(site="s", at_us=3, clients=()))  # the newest of its site now
    if restarted:
        rows, t = t.take(), by_site()
        restore(rows, t)
    gone = [key for key, _ in t.expired("s", lambda row: row.at_us < 9)]
    assert gone == [b"c"]
    t.delete(b"d")
    assert [key for key, _ in t.expired("s", lambda row: row.at_us < 9)] == [b"b"]
    assert [key for key, _ in t.items()] == [b"a"]


def test_a_row_of_no_table_is_refused() -> None:
    with pytest.raises(RowError, match="a table that this version does not have: b'm/a'"):
        restore([Row(b"m/a", b"1")], table())


def shares() -> Table[SiteShare]:
    return Table("share", encode, lambda row: decode_as(SiteShare, row), rows_max=9)


def test_a_row_of_an_unknown_schema_is_refused_before_anything_else() -> None:
    known = encode(SiteShare(answered=7, missed=2))
    unknown = known[:2] + bytes(8) + known[10:]
    said = "b'b' of table share cannot be read by this version: unknown schema fingerprint 00000000"
    with pytest.raises(RowError, match=said):
        restore([Row(b"share/a", known), Row(b"share/b", unknown)], shares())


@pytest.mark.parametrize(
    ("stored", "said"),
    [
        (encode(SiteShare(answered=7, missed=2))[:-1], "SiteShare is damaged"),
        (encode(HostLimit(children_max=7)), "expected SiteShare, found HostLimit"),
        (b"neither", "no Avro single-object marker"),
    ],
)
def test_a_damaged_row_is_no_fault_of_the_event_that_touches_it(stored: bytes, said: str) -> None:
    """A ValueError would be: cores reject the event and go on."""
    kept = shares()
    restore([Row(b"share/a", stored)], kept)
    with pytest.raises(RowError, match=said) as raised:
        kept.get(b"a")
    assert not isinstance(raised.value, ValueError)
    with pytest.raises(RowError, match=said):
        list(kept.items())


def test_a_restore_reads_of_a_row_no_more_than_its_site() -> None:
    def levels(decoded: list[bytes]) -> Table[LimitLevel]:
        def decode(row: bytes) -> LimitLevel:
            decoded.append(row)
            return decode_as(LimitLevel, row)

        return Table("limit", encode, decode, rows_max=9, site=lambda row: row.site)

    rows = [
        Row(b"limit/%d" % n, encode(LimitLevel(site=f"s{n % 2}", at_us=n, level=1)))
        for n in range(4)
    ]
    decoded: list[bytes] = []
    kept = levels(decoded)
    restore(rows, kept)
    assert decoded == []
    assert list(kept.keys()) == [b"0", b"1", b"2", b"3"]
    assert [key for key, _ in kept.expired("s1", lambda row: row.at_us < 3)] == [b"1"]
    assert len(decoded) == 2  # the one that went and the first that stayed


def test_a_row_whose_site_cannot_be_read_is_refused() -> None:
    kept = Table("limit", encode, lambda row: decode_as(LimitLevel, row), rows_max=9,
                 site=lambda row: row.site)  # fmt: skip
    cut = encode(LimitLevel(site="default", at_us=1, level=1))[:14]
    with pytest.raises(RowError, match="no text at its start"):
        restore([Row(b"limit/a", cut)], kept)


STEPS = st.lists(
    st.tuples(st.sampled_from("pdt"), st.sampled_from([b"a", b"b", b"c", b"d"]), st.integers(0, 9))
)


@given(STEPS)
def test_a_restored_table_is_as_one_that_never_stopped(
    steps: Sequence[tuple[str, bytes, int]],
) -> None:
    """The changelog is compacted into a dict; at each take another table begins from it."""
    steady, restarted, log = table(rows_max=3), table(rows_max=3), dict[bytes, bytes]()
    for what, key, value in [*steps, ("t", b"", 0)]:
        for t in (steady, restarted):
            if what == "p":
                t.put(key, value)
            elif what == "d":
                t.delete(key)
        if what == "t":
            steady.take()
            for row in restarted.take():
                log.pop(row.key, None)
                if row.value is not None:
                    log[row.key] = row.value
            restarted = table(rows_max=3)
            restore((Row(k, v) for k, v in log.items()), restarted)
            assert list(steady.items()) == list(restarted.items())
            assert steady.stored_bytes == restarted.stored_bytes
            assert restarted.stored_bytes == sum(len(k) - 2 + len(v) for k, v in log.items())
