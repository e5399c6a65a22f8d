"""The loss exam's short form: two seeds, over our captures and those of others where they are.

`python -m tests.loss FOLDER` is the long one, with 20 seeds and every cut.
"""

from pathlib import Path

import pytest

from tests.golden.lines import CASES, FOLDER
from tests.loss.exam import Score, cut, lose, whole
from tests.loss.stream import segments_of

TREE = Path(__file__).parents[2]
COLLECTION = TREE.parent / "shared" / "captures" / "caps"
# At these rates of loss, so much of what could be proved must be paired.
WANTED = {0.01: 0.95, 0.05: 0.85}
SEEDS = (1, 2)
SMALL_BYTES = 100_000
CUT_EVERY = 50
OURS = [FOLDER / case / "capture.pcap" for case in CASES]


@pytest.fixture(scope="module")
def others() -> list[Path]:
    if not COLLECTION.is_dir():
        pytest.skip("the collection ../shared/captures is not here")
    files = (path for path in COLLECTION.iterdir() if path.stat().st_size <= SMALL_BYTES)
    return sorted(files)


def total(files: list[Path], loss: float) -> Score:
    score = Score()
    for path in files:
        calm = whole(segments_of(path))
        for seed in SEEDS:
            score.add(lose(calm, loss, seed))
    return score


@pytest.mark.parametrize("loss", WANTED)
def test_our_captures_with_losses_invent_no_pair(loss: float) -> None:
    score = total(OURS, loss)
    assert score.wrong == []
    assert score.provable > 0


@pytest.mark.parametrize("loss", WANTED)
def test_captures_of_others_with_losses_keep_their_pairs(loss: float, others: list[Path]) -> None:
    score = total(others, loss)
    assert score.wrong == []
    assert score.provable > 1_000
    assert score.kept >= WANTED[loss] * score.provable


def test_captures_of_others_cut_in_two_keep_their_ids(others: list[Path]) -> None:
    score = Score()
    for path in others:
        score.add(cut(whole(segments_of(path)), CUT_EVERY))
    assert score.wrong == []
    assert score.paired > 500
