"""Rows that a version of the native path wrote are read by all that follow, or refused."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from sidetap_native import Batch, Exchange, Reassembler

from tests.golden.state_rows import write

FILES = sorted(write.FOLDER.glob("v*.jsonl"))
KINDS = {"flow": b"f", "site": b"s", "agent": b"a", "worker": b"w"}
TODAY = write.version(write.rows())
Rows = Sequence[tuple[bytes, bytes]]


def went_on(reassembler: Reassembler) -> Batch:
    """What comes out of the rest."""
    assert reassembler.feed(write.records()[1]) == []
    return reassembler.take()


def restored(rows: Rows) -> Reassembler:
    reassembler = Reassembler("packets/0")
    reassembler.restore(list(rows))
    return reassembler


def test_the_version_of_today_is_kept() -> None:
    assert f"v{TODAY}.jsonl" in {path.name for path in FILES}


def test_what_is_kept_was_cut_in_the_middle() -> None:
    """Of a head and of bodies: bytes wait in pieces, and most exchanges end after the cut."""
    for path in FILES:
        kinds = [key[:1] for key, _ in write.read(path)]
        assert set(kinds) == {*KINDS.values(), b"p"}
        assert kinds.count(b"f") == 5
    first = Reassembler("packets/0")
    first.feed([write.records()[0]])
    before = [Exchange(record) for key, record in first.take().outputs if key]
    after = [Exchange(record) for key, record in went_on(first).outputs if key]
    assert [one.request.target for one in before if one.request] == [b"/1", b"/idle"]
    assert sorted(one.request.target for one in after if one.request) == [
        b"/2", b"/a", b"/a", b"/again", b"/hole", b"/page",
    ]  # fmt: skip
    assert all(one.response_final and not one.missing_bytes for one in (*before, *after))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_rows_of_every_version_lead_to_the_same_exchanges(path: Path) -> None:
    steady = Reassembler("packets/0")
    steady.feed([write.records()[0]])
    steady.take()
    calm, told = went_on(steady), went_on(restored(write.read(path)))
    assert told.outputs == calm.outputs
    assert told.ledger == calm.ledger
    assert told.counts == calm.counts


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_a_row_of_another_version_is_refused_by_both_numbers(kind: bytes) -> None:
    newer = [
        (key, bytes([TODAY + 1]) + value[1:] if key[:1] == kind else value)
        for key, value in write.rows()
    ]
    said = f"a state row of version {TODAY + 1}, this worker reads version {TODAY}: go on with"
    with pytest.raises(ValueError, match=said):
        restored(newer)


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_a_row_of_another_form_under_the_same_number_is_refused(kind: bytes) -> None:
    longer = [(key, value + b"\0" * (key[:1] == kind)) for key, value in write.rows()]
    with pytest.raises(ValueError, match="damaged: bytes follow its end"):
        restored(longer)


def test_a_missing_piece_is_refused() -> None:
    without = [(key, value) for key, value in write.rows() if key[:1] != b"p"]
    with pytest.raises(ValueError, match="a piece of a flow is missing"):
        restored(without)
