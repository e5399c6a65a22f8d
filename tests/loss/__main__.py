"""`python -m tests.loss FOLDER`: the loss exam over every capture below a folder.

Prints a line for each capture with something wrong and the sums; exit 1 where a pair was invented,
a residual is left, an id changed, or fewer pairs survive than must.
"""

import argparse
import sys
import time
from pathlib import Path

from tests.loss.exam import Score, cut, lose, whole
from tests.loss.stream import Segment, segments_of

# At these rates of loss, so much of what could be proved must be paired.
WANTED = {0.01: 0.95, 0.05: 0.85}


def read(capture: Path) -> list[Segment]:
    """The packets of a capture; none of a file that is no capture."""
    try:
        return segments_of(capture)
    except ValueError:
        return []


def show(name: str, score: Score) -> None:
    """One sum, for people."""
    share = score.kept / score.provable if score.provable else 1.0
    print(
        f"{name}: {score.runs} runs, {score.paired} pairs, {score.provable} provable, "
        f"{score.kept} kept ({share:.4f}), {len(score.wrong)} wrong",
        flush=True,
    )


def main() -> int:
    """Run it."""
    parser = argparse.ArgumentParser(prog="python -m tests.loss")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--only", default="", help="captures whose path has this word")
    parser.add_argument("--no-cuts", action="store_true")
    chosen = parser.parse_args()
    sums: dict[float, Score] = {loss: Score() for loss in WANTED}
    cuts, since_s = Score(), time.monotonic()
    files = sorted(path for path in chosen.folder.rglob("*") if path.is_file())
    for path in (path for path in files if chosen.only in str(path)):
        calm = whole(read(path))
        for loss, total in sums.items():
            for seed in range(chosen.seeds):
                score = lose(calm, loss, seed)
                total.add(score)
                for line in score.wrong:
                    print(f"{path.name} at {loss}, seed {seed}: {line}", flush=True)
        if not chosen.no_cuts:
            score = cut(calm)
            cuts.add(score)
            for line in score.wrong:
                print(f"{path.name}: {line}", flush=True)
    for loss, total in sums.items():
        show(f"loss {loss}", total)
    show("cuts", cuts)
    print(f"{time.monotonic() - since_s:.0f} s")
    enough = all(
        total.kept >= WANTED[loss] * total.provable and not total.wrong
        for loss, total in sums.items()
    )
    return 0 if enough and not cuts.wrong else 1


if __name__ == "__main__":
    sys.exit(main())
